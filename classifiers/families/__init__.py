"""The model families, and what they are built from."""
