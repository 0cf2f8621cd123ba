"""Which series make up a virtual meter or a site, and what brings them to common times. Touches no database."""

from collections.abc import Iterable, Mapping
from typing import Any

from luna_rules.series_answers.query import Basis, Term


def site_terms(meter_id: str, pv_meter_id: str | None, *, exports: bool) -> tuple[tuple[Term, ...], Basis]:
    """The series of a site. One meter alone knows load and generation; beside a PV meter it counts what crosses the
    border if it measures export, else it is the load."""
    if pv_meter_id is None or pv_meter_id == meter_id:
        return (Term(meter_id), Term(meter_id, "production_kw")), "load_and_generation"
    generation = Term(pv_meter_id, "production_kw")
    if exports:
        return (Term(meter_id), Term(meter_id, "production_kw"), generation), "grid_and_generation"
    return (Term(meter_id), generation), "load_and_generation"


def formula_terms(formula: Iterable[Mapping[str, Any]]) -> tuple[Term, ...]:
    """The terms of a virtual meter."""
    return tuple(
        Term(term["meter_id"], term.get("series", "consumption_kw"), int(term.get("factor", 1))) for term in formula
    )


def common_step(intervals: Iterable[int | None]) -> int:
    """To which interval series of these lengths have to be brought before they are added; 0: they fit already."""
    known = {interval for interval in intervals if interval}
    return 0 if len(known) < 2 else max(900, *known)
