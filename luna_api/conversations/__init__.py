"""A person's own conversations."""
