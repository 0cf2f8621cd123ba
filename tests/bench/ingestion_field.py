"""Other projects' ingestion of given files, with our extractor and our embedder behind small components of theirs.

`python ingestion_field.py SYSTEM FILES LEXICON LIBRARIES [DATABASE POSTMASTER]` prints one line of JSON. FILES names a
file a line, LEXICON is a stored lexicon, LIBRARIES the folder of their packages, which come before ours. With a
DATABASE (a URL; POSTMASTER is its server's process id) they write to their stores in PostgreSQL, with words and
vectors, else to those in memory. Imports stand inside the functions: a system that is missing must not stop the other,
and loading them is no part of what is measured.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
EMBED_AT_ONCE = 512
Embed = Callable[[list[str]], list[list[float]]]
Extract = Callable[[Path], str]
Ingest = Callable[[list[Path]], int]
SCHEMA = "others"


def processor_seconds(postmaster: int | None) -> float:
    """Seconds of processor time of this process, its children and, where one is named, the whole database server."""
    running = [psutil.Process(), *psutil.Process().children(recursive=True)]
    served = {one.pid: one for one in running}
    ended = 0.0
    if postmaster is not None:
        server = psutil.Process(postmaster)
        times = server.cpu_times()
        ended = times.children_user + times.children_system
        served |= {one.pid: one for one in (server, *server.children(recursive=True))}
    return sum(sum(one.cpu_times()[:2]) for one in served.values()) + ended


def haystack(extract: Extract, embed: Embed, database: str | None, dimension: int) -> Ingest:
    """Converter, DocumentSplitter and DocumentWriter with their defaults."""
    from haystack import Document, Pipeline, component
    from haystack.components.preprocessors import DocumentSplitter
    from haystack.components.writers import DocumentWriter
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    @component
    class Converter:
        """Our extractor as one of their converters."""

        @component.output_types(documents=list[Document])
        def run(self, sources: list[str]) -> dict[str, list[Document]]:
            return {
                "documents": [
                    Document(content=extract(Path(source)), meta={"file_name": Path(source).name}) for source in sources
                ]
            }

    @component
    class Embedder:
        """Our embedder as one of theirs."""

        @component.output_types(documents=list[Document])
        def run(self, documents: list[Document]) -> dict[str, list[Document]]:
            for start in range(0, len(documents), EMBED_AT_ONCE):
                part = documents[start : start + EMBED_AT_ONCE]
                for document, vector in zip(part, embed([one.content or "" for one in part]), strict=True):
                    document.embedding = vector
            return {"documents": documents}

    store = InMemoryDocumentStore() if database is None else haystack_store(database, dimension)
    pipeline = Pipeline()
    for name, part in (
        ("converter", Converter()),
        ("splitter", DocumentSplitter()),
        ("embedder", Embedder()),
        ("writer", DocumentWriter(store)),
    ):
        pipeline.add_component(name, part)
    pipeline.connect("converter", "splitter")
    pipeline.connect("splitter", "embedder")
    pipeline.connect("embedder", "writer")

    def ingest(paths: list[Path]) -> int:
        pipeline.run({"converter": {"sources": [str(path) for path in paths]}})
        return store.count_documents()

    return ingest


def haystack_store(database: str, dimension: int) -> Any:
    """Their store in PostgreSQL with its keyword index; vectors without an index, its default, as Luna's are."""
    from haystack.utils import Secret
    from haystack_integrations.document_stores.pgvector import PgvectorDocumentStore

    store = PgvectorDocumentStore(
        connection_string=Secret.from_token(database),
        create_extension=False,
        schema_name=SCHEMA,
        language="german",
        embedding_dimension=dimension,
    )
    store.count_documents()  # makes the tables
    return store


def llamaindex(extract: Extract, embed: Embed, database: str | None, dimension: int) -> Ingest:
    """IngestionPipeline with SentenceSplitter, both with their defaults."""
    from llama_index.core import Document
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.vector_stores import SimpleVectorStore

    class Ours(BaseEmbedding):
        """Our embedder as one of theirs."""

        def _get_text_embedding(self, text: str) -> list[float]:
            return embed([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return embed(texts)

        def _get_query_embedding(self, query: str) -> list[float]:
            return embed([query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return embed([query])[0]

    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), Ours(model_name="ours", embed_batch_size=EMBED_AT_ONCE)],
        vector_store=SimpleVectorStore() if database is None else llamaindex_store(database, dimension),
    )

    def ingest(paths: list[Path]) -> int:
        return len(
            pipeline.run(documents=[Document(text=extract(path), metadata={"file_name": path.name}) for path in paths])
        )

    return ingest


def llamaindex_store(database: str, dimension: int) -> Any:
    """Their store in PostgreSQL for hybrid search; vectors without an index, its default, as Luna's are."""
    from llama_index.vector_stores.postgres import PGVectorStore
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(database)
    store = PGVectorStore.from_params(
        host=str(given["host"]),
        port=str(given["port"]),
        database=str(given["dbname"]),
        user=str(given["user"]),
        password=str(given["password"]),
        schema_name=SCHEMA,
        hybrid_search=True,
        text_search_config="german",
        embed_dim=dimension,
    )
    store.get_nodes(node_ids=["none"])  # makes the tables
    return store


SYSTEMS: dict[str, Callable[[Extract, Embed, str | None, int], Ingest]] = {
    "Haystack": haystack,
    "LlamaIndex": llamaindex,
}


def main() -> None:
    """The command line."""
    system, files, lexicon_file, libraries, *where = sys.argv[1:]
    database, postmaster = (where[0], int(where[1])) if where else (None, None)
    sys.path[:0] = [libraries, str(ROOT)]
    import numpy as np

    from luna_rules.search.analyser import Analyser
    from luna_rules.search.lexicon import Lexicon
    from luna_rules.search.model import ChunkFields
    from resources.extractor import EmbeddedExtractor

    analysers: list[Analyser] = []
    paths = [Path(line) for line in Path(files).read_text("utf-8").splitlines()]
    spent = {"extract": 0.0, "embed": 0.0}

    def embed(texts: list[str]) -> list[list[float]]:
        begun = time.perf_counter()
        # Loaded with the first text, as Luna's drain loads it from the database: it costs all sides the same.
        if not analysers:
            analysers.append(Analyser(Lexicon.from_bytes(Path(lexicon_file).read_bytes())))
        analyser = analysers[0]
        vectors = analyser.embed(analyser.analyse([ChunkFields(title="", heading="", body=text) for text in texts]))
        rows: list[list[float]] = vectors.astype(np.float32).tolist()
        spent["embed"] += time.perf_counter() - begun
        return rows

    with EmbeddedExtractor() as extractor:

        def extract(path: Path) -> str:
            begun = time.perf_counter()
            text = extractor.extract(path.read_bytes(), path.name).text
            spent["extract"] += time.perf_counter() - begun
            return text

        dimension = Lexicon.from_bytes(Path(lexicon_file).read_bytes()).dimension
        ingest = SYSTEMS[system](extract, embed, database, dimension)
        extractor.warm_up()
        before = processor_seconds(postmaster)
        begun = time.perf_counter()
        chunks = ingest(paths)
        wall = time.perf_counter() - begun
        processor = processor_seconds(postmaster) - before
    print(json.dumps({"wall_s": wall, "processor_s": processor, "chunks": chunks, "parts_s": spent}))


if __name__ == "__main__":
    main()
