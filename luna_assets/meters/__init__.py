"""Files of readings and prices into the database. Simulated ones have a room of their own."""
