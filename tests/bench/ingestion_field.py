"""Other projects' ingestion of given files, with our extractor and our embedder behind small components of theirs.

`python ingestion_field.py SYSTEM FILES LEXICON LIBRARIES` prints one line of JSON. FILES names a file a line, LEXICON
is a stored lexicon, LIBRARIES the folder of their packages, which come before ours. Imports stand inside the functions:
a system that is missing must not stop the other, and loading them is no part of what is measured.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
EMBED_AT_ONCE = 512
Embed = Callable[[list[str]], list[list[float]]]
Extract = Callable[[Path], str]
Ingest = Callable[[list[Path]], int]


def haystack(extract: Extract, embed: Embed) -> Ingest:
    """Converter, DocumentSplitter and DocumentWriter with their defaults, into the store in memory."""
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

    store = InMemoryDocumentStore()
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


def llamaindex(extract: Extract, embed: Embed) -> Ingest:
    """IngestionPipeline with SentenceSplitter, both with their defaults, into the simple vector store."""
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
        vector_store=SimpleVectorStore(),
    )

    def ingest(paths: list[Path]) -> int:
        return len(
            pipeline.run(documents=[Document(text=extract(path), metadata={"file_name": path.name}) for path in paths])
        )

    return ingest


SYSTEMS: dict[str, Callable[[Extract, Embed], Ingest]] = {"Haystack": haystack, "LlamaIndex": llamaindex}


def main() -> None:
    """The command line."""
    system, files, lexicon_file, libraries = sys.argv[1:]
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

        ingest = SYSTEMS[system](extract, embed)
        extractor.warm_up()
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        before = sum(sum(one.cpu_times()[:2]) for one in processes)
        begun = time.perf_counter()
        chunks = ingest(paths)
        wall = time.perf_counter() - begun
        processor = sum(sum(one.cpu_times()[:2]) for one in processes) - before
    print(json.dumps({"wall_s": wall, "processor_s": processor, "chunks": chunks, "parts_s": spent}))


if __name__ == "__main__":
    main()
