"""Migrations, queries and views: the contract between writers, readers and analysts. Only data files live here."""
