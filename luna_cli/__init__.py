"""The `luna` command: thin; it starts the embedded stack and speaks to the API over HTTP."""
