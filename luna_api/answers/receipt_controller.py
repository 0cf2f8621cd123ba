"""Routes of receipts: what an answer stood on, the same question today, the chain, and forgetting."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from luna_api.accounts.principal import Principal
from luna_api.answers.chain import ChainService
from luna_api.answers.receipt_schemas import AnswerReceipt, ChainHead, ChainReport, Erased, ReplayData
from luna_api.answers.receipts import AnswerReceiptService
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.errors import invalid
from luna_api.guards import admin_only


def provide_receipts(
    context: NamedDependency[AppContext], principal: NamedDependency[Principal]
) -> AnswerReceiptService:
    """Receipts of the asker."""
    return AnswerReceiptService(context, principal)


def provide_chain(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> ChainService:
    """The chain of the administrator's tenant."""
    return ChainService(context, principal)


class AnswerReceiptController(Controller):
    """Look up what was answered, and ask it again."""

    path = "/answers"
    tags = ("answers",)
    dependencies = {"service": Provide(provide_receipts, sync_to_thread=False)}  # noqa: RUF012

    @get("/{answer_id:uuid}", operation_id="getAnswer")
    async def receipt(
        self, service: NamedDependency[AnswerReceiptService], answer_id: FromPath[UUID]
    ) -> Envelope[AnswerReceipt]:
        """Der Beleg einer Antwort: worauf sie stand und wo sie in der Kette steht."""
        return ok(await service.receipt(answer_id))

    @post("/{answer_id:uuid}/replay", operation_id="replayAnswer", status_code=200)
    async def replay(
        self, service: NamedDependency[AnswerReceiptService], answer_id: FromPath[UUID]
    ) -> Envelope[ReplayData]:
        """Noch einmal suchen und auswählen, und sagen, was seither anders ist."""
        return ok(await service.replay(answer_id))

    @delete("/", operation_id="eraseAnswers", status_code=200)
    async def erase(
        self, service: NamedDependency[AnswerReceiptService], principal: NamedDependency[Principal]
    ) -> Envelope[Erased]:
        """Den Wortlaut aller eigenen Fragen und Antworten endgültig löschen; die Kette der Belege bleibt prüfbar."""
        done = await service.erase(principal.user_id)
        return ok(done, _said(done))


class AdminAnswerController(Controller):
    """The chain of a tenant's receipts."""

    path = "/admin/answers"
    tags = ("admin",)
    guards = (admin_only,)
    dependencies = {  # noqa: RUF012
        "service": Provide(provide_receipts, sync_to_thread=False),
        "chain": Provide(provide_chain, sync_to_thread=False),
    }

    @get("/verify", operation_id="verifyAnswers")
    async def verify(
        self,
        chain: NamedDependency[ChainService],
        sequence: Annotated[int | None, QueryParameter(ge=1)] = None,
        hash_: Annotated[str | None, QueryParameter(name="hash", pattern="^[0-9a-f]{64}$")] = None,
    ) -> Envelope[ChainReport]:
        """Die Kette der Belege prüfen; `sequence` und `hash` eines andernorts vermerkten Belegs gehen mit ein."""
        if (sequence is None) != (hash_ is None):
            raise invalid("hash", "gehört zu „sequence“; beide oder keines", "sequence=12&hash=<64 Hexziffern>")
        noted = None if sequence is None or hash_ is None else ChainHead(sequence, hash_)
        report = await chain.verify(noted)
        return ok(report, report.broken.said if report.broken else "Die Kette hält.")

    @delete("/", operation_id="eraseAnswersOf", status_code=200)
    async def erase(self, service: NamedDependency[AnswerReceiptService], user_id: FromQuery[UUID]) -> Envelope[Erased]:
        """Den Wortlaut aller Fragen und Antworten einer Person des Mandanten endgültig löschen."""
        done = await service.erase(user_id)
        return ok(done, _said(done))


def _said(done: Erased) -> str:
    if not done.erased:
        return "Da war nichts."
    answers = "einer Antwort" if done.erased == 1 else f"{done.erased} Antworten"
    return f"Der Wortlaut von {answers} ist endgültig gelöscht."
