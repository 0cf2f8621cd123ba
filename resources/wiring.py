"""The Dagster wrapper around the clients; Dagster is imported nowhere else in `resources`.

Settings are read when a run begins, not when the code location is loaded.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property

from dagster import ConfigurableResource

from resources.database import Connection, worker_connection
from resources.extractor import EmbeddedExtractor, Extractor
from resources.objects import ObjectStore, open_object_store
from resources.secrets import DatabaseUrls, database_urls, load_secrets
from resources.settings import Settings, load_settings
from resources.vectors.embedders import Embedders
from resources.vectors.engines import open_embedders, open_points
from resources.vectors.points import PassagePoints
from resources.vectors.postgres_writer import IndexWriter


class LunaResource(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """The clients that a run needs: database (role `luna_worker`), objects, extractor."""

    @cached_property
    def settings(self) -> Settings:
        """Validated settings of this process. Raises `SettingsError`."""
        return load_settings()

    @cached_property
    def urls(self) -> DatabaseUrls:
        """Addresses of the database."""
        return database_urls(self.settings, load_secrets(self.settings))

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A worker's connection, closed at the end."""
        with worker_connection(self.urls.worker) as connection:
            yield connection

    @cached_property
    def objects(self) -> ObjectStore:
        """Where the bytes of documents are."""
        return open_object_store(self.settings)

    @cached_property
    def points(self) -> PassagePoints | None:
        """The engine outside PostgreSQL that holds vectors, too: Qdrant where `QDRANT_URL` is set."""
        return open_points(self.settings)

    @cached_property
    def embedders(self) -> Embedders:
        """The models that make vectors of passages, where `OLLAMA_HOST` is set."""
        return open_embedders(self.settings)

    def index_writer(self, connection: Connection) -> IndexWriter:
        """A writer of the index, with all its engines."""
        return IndexWriter(connection, self.points, self.embedders)

    @contextmanager
    def extractor(self) -> Generator[Extractor]:
        """The extractor, stopped at the end: Tika where `TIKA_ENDPOINT` is set, else the child process."""
        endpoint = self.settings.tika_endpoint
        if endpoint is None:
            # The drain has work for one core more than its own, whatever the machine has.
            with EmbeddedExtractor(workers=2 if (os.cpu_count() or 1) > 1 else 1) as extractor:
                yield extractor
            return
        from resources.extractor.tika import TikaExtractor

        with TikaExtractor(endpoint) as extractor:
            yield extractor
