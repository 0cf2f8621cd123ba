"""The Dagster code location: writes everything that is derived. Rules are in `luna_rules`, clients in `resources`."""
