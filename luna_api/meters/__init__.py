"""The register of meters, as a customer keeps it."""
