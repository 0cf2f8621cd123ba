"""Documents: arrival → text → chunks → vectors → promotion. `assets.py` is thin; its neighbours know no Dagster."""
