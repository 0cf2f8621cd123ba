"""Who is asking: principals and where they come from."""
