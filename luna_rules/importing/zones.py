"""The zone that a table's own words name for stamps without an offset."""

from __future__ import annotations

from luna_rules.importing.context import Context
from luna_rules.importing.layout import Block, Layout
from luna_rules.importing.vocabulary import named_zone


def zone_of(layout: Layout, block: Block, context: Context) -> str | None:
    """The zone in the header of the time or in the lines above; said where it is not the one that was expected."""
    lead = block.start or block.single
    if lead is None:
        return None
    header = layout.header
    words = [header[place] for place in (lead.column, lead.clock) if place is not None and place < len(header)]
    zone = next((found for word in [*words, *layout.zone_words] if (found := named_zone(word))), None)
    if zone is not None and zone != context.options.timezone:
        shown = "MEZ (ohne Sommerzeit)" if zone == "Etc/GMT-1" else zone
        if zone.startswith("Etc/GMT") and zone != "Etc/GMT-1":
            shown = f"UTC{-int(zone.removeprefix('Etc/GMT')):+d}"
        context.warn(f"Die Zeiten gelten nach der Datei in {shown}.")
    return zone
