"""Whether the chain of a tenant's receipts holds, walked from its first link to its last."""

from time import perf_counter
from typing import Any
from uuid import UUID

from luna_api.accounts.principal import Principal
from luna_api.answers.receipt_schemas import BrokenLink, ChainHead, ChainReport
from luna_api.context import AppContext
from resources.database import AsyncConnection

# In one statement, so that an answer given meanwhile stands in both or in neither.
_HEAD = """
SELECT coalesce(c.sequence, 0), coalesce(c.hash, repeat('0', 64)),
       (SELECT coalesce(max(sequence), 0) FROM answer_log WHERE tenant_id = luna_tenant())
FROM (SELECT luna_tenant() AS id) AS t LEFT JOIN answer_chains AS c ON c.tenant_id = t.id
"""
_AT = "SELECT id, hash FROM answer_log WHERE sequence = %s AND tenant_id = luna_tenant()"
_LINKS = """
SELECT a.sequence, a.id, a.previous_hash, a.hash, luna_answer_fault(a), a.erased_at IS NOT NULL
FROM answer_log AS a WHERE tenant_id = luna_tenant() AND a.sequence > %s AND a.sequence <= %s
ORDER BY a.sequence LIMIT %s
"""
_AT_ONCE = 500
_FIRST = "0" * 64
_SAID = {
    "changed": "Beleg {at}: Der Inhalt passt nicht zu seiner Prüfsumme.",
    "text": "Beleg {at}: Der Wortlaut passt nicht zu den Prüfsummen des Belegs.",
    "missing": "Vor Beleg {at} fehlt mindestens einer.",
    "previous": "Beleg {at} hält nicht die Prüfsumme seines Vorgängers.",
    "head": "Das Ende der Kette ist nicht dort, wo es zuletzt war: Belege hinter {at} fehlen oder sind ausgetauscht.",
    "noted": "Beleg {at} ist nicht der, der andernorts vermerkt ist: Die Kette wurde neu geschrieben.",
}


class ChainService:
    """The chain of the administrator's tenant."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def verify(self, noted: ChainHead | None) -> ChainReport:
        """Walk the chain up to where it ended when the walk began. `noted` is a receipt's hash noted elsewhere.

        Each stretch is a short transaction of its own: receipts are only ever appended, so nothing shifts between them.
        """
        started = perf_counter()
        async with self._transaction() as sql:
            head = await (await sql.execute(_HEAD)).fetchone()
        last, tip, newest = head or (0, _FIRST, 0)
        upto = max(last, newest)
        at, before, receipts, erased = 0, _FIRST, 0, 0
        broken: BrokenLink | None = None
        while broken is None:
            async with self._transaction() as sql:
                rows = await (await sql.execute(_LINKS, (at, upto, _AT_ONCE))).fetchall()
            for row in rows:
                broken = _link(row, at, before)
                if broken is not None:
                    break
                at, before = row[0], row[3]
                receipts, erased = receipts + 1, erased + int(row[5])
            if len(rows) < _AT_ONCE:
                break
        if broken is None and (at, before) != (last, tip):
            broken = _broken(at, None, "head")
        if broken is None and noted is not None:
            async with self._transaction() as sql:
                broken = await _noted(sql, noted)
        return ChainReport(
            valid=broken is None,
            receipts=receipts,
            erased=erased,
            head=ChainHead(last, tip) if last else None,
            broken=broken,
            checked_ms=round((perf_counter() - started) * 1e3, 1),
        )

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id)


def _link(row: tuple[Any, ...], at: int, before: str) -> BrokenLink | None:
    sequence, answer_id, previous, _, fault, _ = row
    if sequence != at + 1:
        return _broken(sequence, answer_id, "missing")
    if fault is not None:
        return _broken(sequence, answer_id, fault)
    if previous != before:
        return _broken(sequence, answer_id, "previous")
    return None


async def _noted(sql: AsyncConnection, noted: ChainHead) -> BrokenLink | None:
    row = await (await sql.execute(_AT, (noted.sequence,))).fetchone()
    if row is None or row[1] != noted.hash:
        return _broken(noted.sequence, row[0] if row else None, "noted")
    return None


def _broken(sequence: int, answer_id: UUID | None, fault: Any) -> BrokenLink:
    return BrokenLink(sequence=sequence, answer_id=answer_id, fault=fault, said=_SAID[fault].format(at=sequence))
