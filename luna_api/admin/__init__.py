"""What only the administrator may see and start."""
