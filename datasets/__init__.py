"""What is signed in which clip: manifests, splits by signer, and the avatar. Knows nothing of models."""
