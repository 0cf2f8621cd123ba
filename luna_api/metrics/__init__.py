"""Figures for dashboards and for Prometheus."""
