"""Quantities in texts and questions, for everyone who compares them. Imports of ours only how words are spelled."""
