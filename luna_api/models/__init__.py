"""Language models: which are there, which are used for what, and how new ones come."""
