"""Simulated meters and markets: seeded, without state, the same for a part as for the whole. Pure."""
