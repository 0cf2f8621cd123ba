"""Clients of everything outside the process, shared by the API, the assets and the command line. No business rules."""
