"""The suites that touch the database, on a real TimescaleDB; run by `make test-services`."""
