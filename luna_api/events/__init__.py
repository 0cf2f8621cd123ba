"""What people do and think: events and feedback, written once, never changed."""
