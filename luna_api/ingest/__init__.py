"""Uploads and fetched pages: accepted, stored, queued; then watched until the text can be found."""
