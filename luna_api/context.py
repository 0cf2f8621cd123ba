"""Everything that lives as long as the application; made once by `create_app`, handed to services."""

import asyncio
from dataclasses import dataclass, field
from time import time

from luna_api.accounts.service import Authenticator
from luna_api.answers.lexicons import Lexicons
from luna_api.answers.pipeline import AnswerPipeline
from luna_api.answers.ratelimit import AskLimiter
from luna_api.ingest.drain import DrainStarter
from luna_api.ingest.fetch import Fetcher
from luna_api.ingest.watch import ItemWatcher
from luna_api.metrics.registry import Registry
from luna_api.models.directory import ModelDirectory
from luna_api.system.help import HelpTexts
from resources.database import AppDatabase
from resources.objects import ObjectStore
from resources.orchestrator import Orchestrator
from resources.settings import Settings
from resources.vectors.index import PassageIndex
from resources.vectors.points import PassagePoints
from resources.vectors.questions import QuestionEmbedder


@dataclass(slots=True)
class AppContext:
    """The application's parts."""

    settings: Settings
    database: AppDatabase
    objects: ObjectStore
    orchestrator: Orchestrator
    authenticator: Authenticator
    registry: Registry
    drain: DrainStarter
    watcher: ItemWatcher
    fetcher: Fetcher
    limiter: AskLimiter
    pipeline: AnswerPipeline
    lexicons: Lexicons
    models: ModelDirectory
    help_texts: HelpTexts
    index: PassageIndex
    questions: QuestionEmbedder
    points: PassagePoints | None = None
    upload_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    started_at_s: float = field(default_factory=time)
    _warming: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start what needs starting; nothing here waits for a part that may be down."""
        await self.database.open()
        self.watcher.start()
        self._warming = asyncio.create_task(self.pipeline.warm(), name="warm-index")

    async def close(self) -> None:
        """Stop background work, then close connections."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        await self.pipeline.close()
        await self.watcher.close()
        await self.drain.close()
        await self.models.close()
        await self.orchestrator.close()
        self.questions.close()
        if self.points is not None:
            self.points.close()
        await self.database.close()
