"""How large a request's body may be, where no route says otherwise."""

JSON_LIMIT_BYTES = 256 * 1024
EMBED_LIMIT_BYTES = 2 * 1024 * 1024
FORM_SLACK_BYTES = 1024 * 1024
"""What the other fields of an upload and the frame around its file may take."""
FORM_SLACK = "form_slack_bytes"
"""Under this name a route tells how much of its limit is such a frame, and not the file that people know of."""
