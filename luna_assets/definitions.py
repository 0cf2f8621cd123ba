"""The code location that Dagster loads: `defs`. Tests build their own through `build_defs`."""

from luna_assets.build import build_defs

defs = build_defs()
