"""Whether a question's limits (filters, day) leave a document at all, and if not, which of them leave none."""

from collections.abc import Iterator, Sequence
from datetime import date

from psycopg import sql as sql_text
from psycopg.types.json import Jsonb

from resources.database import AsyncConnection
from resources.vectors.index import Filters

_KINDS = {"document": "Dokumente", "regulation": "Vorschriften", "note": "Notizen"}
_SOURCES = {"upload": "hochgeladen", "crawler": "aus dem Netz geholt", "api": "über die Schnittstelle"}
_Limit = tuple[str, str, Sequence[object]]


async def left_nothing(connection: AsyncConnection, filters: Filters, day: date | None) -> tuple[str, ...]:
    """The limits, in German, that leave no document of those the asker may see; empty where one is left.

    Named are those that leave nothing by themselves, else all of them: then it is their combination. `day` is None
    where nobody asked for another day than today. Where there is no document at all, no limit is to blame.
    """
    limits = list(_limits(filters, day))
    if not limits:
        return ()
    alone = [sql_text.SQL("coalesce(bool_or({}), false)").format(_condition(one)) for one in limits]
    together = sql_text.SQL("coalesce(bool_or({}), false)").format(
        sql_text.SQL(" AND ").join(_condition(one) for one in limits)
    )
    query = sql_text.SQL("SELECT count(*), {}, {} FROM items WHERE status = 'ready' AND deleted_at IS NULL").format(
        together, sql_text.SQL(", ").join(alone)
    )
    values = [value for _, _, given in limits for value in given]
    row = await (await connection.execute(query, [*values, *values])).fetchone()
    if row is None or row[0] == 0 or row[1]:
        return ()
    guilty = [one[0] for one, any_left in zip(limits, row[2:], strict=True) if not any_left]
    return tuple(guilty or (one[0] for one in limits))


def _condition(limit: _Limit) -> sql_text.Composable:
    return sql_text.SQL("({})").format(sql_text.SQL(limit[1]))  # type: ignore[arg-type]  # one of the texts below


def _limits(filters: Filters, day: date | None) -> Iterator[_Limit]:
    """Each limit: its name for readers, its condition on `items`, and the condition's values."""
    if filters.kind:
        yield f"Art {_listed(_KINDS[kind] for kind in filters.kind)}", "kind = ANY(%s)", [list(filters.kind)]
    if filters.tags:
        yield f"Schlagwort {_quoted(filters.tags)}", "tags && %s", [list(filters.tags)]
    if filters.source:
        names = _listed(_SOURCES[source] for source in filters.source)
        yield f"Herkunft {names}", "source = ANY(%s)", [list(filters.source)]
    if filters.version:
        yield f"Fassung {_listed(map(str, filters.version))}", "version = ANY(%s)", [list(filters.version)]
    if filters.item_id:
        yield "das gewählte Dokument", "id = ANY(%s)", [list(filters.item_id)]
    if filters.document_id:
        yield "das gewählte Dokument", "document_id = ANY(%s)", [list(filters.document_id)]
    for key, wanted in filters.metadata:
        # As in the index, a number and its digits as text count as the same value.
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in wanted]
        condition = "metadata ->> %s = ANY(%s) OR metadata -> %s @> ANY(%s::jsonb[])"
        values = [key, texts, key, [Jsonb(value) for value in wanted]]
        yield f"Merkmal {key} {_quoted(map(str, wanted))}", condition, values
    if day is not None:
        condition = "(valid_from IS NULL OR valid_from <= %s) AND (valid_to IS NULL OR valid_to >= %s)"
        yield f"Stand {day:%d.%m.%Y}", condition, [day, day]


def _quoted(names: Iterator[str] | Sequence[str]) -> str:
    return _listed(f"„{name}“" for name in names)


def _listed(names: Iterator[str]) -> str:
    return " oder ".join(names)
