"""Starts and supervises the embedded parts: PostgreSQL from a wheel, Dagster's processes and the API.

What is not started here is a server that the settings name.
"""
