"""Readers, one module per family of formats. They run in the extraction child only."""
