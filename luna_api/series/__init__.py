"""Meters' readings and market prices: columns, files, aggregates, imports, live values, receipts."""
