"""What README quotes: each a command that prints its figure against its peer in one run."""
