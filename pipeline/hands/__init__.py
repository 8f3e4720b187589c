"""The hands of the layout holistic75: where each is looked for, what the networks see there, and following it."""
