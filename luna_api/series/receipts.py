"""Receipts of one asker: shown, and run again."""

from uuid import UUID

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.errors import missing
from luna_api.series.schemas import QueryReceipt, RerunData
from luna_api.series.shapes import of_row
from luna_rules.series_answers.query import SeriesQuery
from resources.series import receipts as kept


class ReceiptService:
    """Receipts of one asker; the administrator sees the tenant's."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def receipt(self, receipt_id: UUID) -> QueryReceipt:
        """What a number rests on. Raises 404."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await kept.find(sql, receipt_id, self._owner())
        if row is None:
            raise missing("Diesen Beleg")
        return of_row(row)

    async def rerun(self, receipt_id: UUID) -> RerunData:
        """The same query over what was known then, and over what is known today. Raises 404."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await kept.find(sql, receipt_id, self._owner())
            if row is None:
                raise missing("Diesen Beleg")
            query = SeriesQuery.from_json(row.spec)
            moment = await kept.now(sql)
            then = await kept.run(sql, query, row.as_of)
            today = await kept.run(sql, query, moment)
        again = kept.receipt(then, row.label, {})
        return RerunData(
            receipt_id=str(receipt_id),
            same=again.sha256 == row.sha256,
            result_sha256=again.sha256,
            row_count=len(then.rows),
            rows=[list(cells) for cells in then.rows[: kept.ROWS_KEPT]],
            as_of=row.as_of,
            rerun_at=moment,
            changed_since=kept.digest(today) != again.sha256,
            rows_now=[list(cells) for cells in today.rows[: kept.ROWS_KEPT]],
            query_changed=again.query != row.query,
        )

    def _owner(self) -> UUID | None:
        return None if self._principal.is_admin else self._principal.user_id
