"""The passage index: its interface, and one client for each engine that can hold it."""
