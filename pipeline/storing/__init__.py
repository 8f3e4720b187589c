"""Where a store lies, what it keeps of a clip, and what a clip was made of."""
