"""Simulated meters and markets in Dagster: backfills of any range, and the live steps that sensors write."""
