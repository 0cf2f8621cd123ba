"""Other projects' retrieval over given chunks and vectors. Runs in the bench's own environment, knows nothing of ours.

`python field.py INPUT OUTPUT`: INPUT is a folder with `chunks.json`, `questions.json`, `chunks.npy`, `questions.npy`
(unit vectors, a row each); OUTPUT gets, per system, the numbers of the best hundred chunks for each question, or why
the system could not run. Imports stand inside the functions: a system that is missing must not stop the others.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

TOP = 100
Vectors = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
Ask = Callable[[str, list[float]], list[int]]


def plain_bm25(chunks: list[str], _: object) -> Ask:
    """rank-bm25 with its defaults over lower-case words."""
    from rank_bm25 import BM25Okapi

    def words(text: str) -> list[str]:
        return re.findall(r"\w+", text.lower())

    index = BM25Okapi([words(chunk) for chunk in chunks])
    return lambda question, _: [int(i) for i in np.argsort(-index.get_scores(words(question)))[:TOP]]


def stemmed_bm25(chunks: list[str], _: object) -> Ask:
    """bm25s with Snowball's German stemmer and its German stop words."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("german")
    index = bm25s.BM25()
    index.index(bm25s.tokenize(chunks, stopwords="de", stemmer=stemmer, show_progress=False), show_progress=False)

    def ask(question: str, _: list[float]) -> list[int]:
        tokens = bm25s.tokenize([question], stopwords="de", stemmer=stemmer, show_progress=False)
        found, _scores = index.retrieve(tokens, k=TOP, show_progress=False)
        return [int(i) for i in found[0]]

    return ask


def haystack_hybrid(chunks: list[str], vectors: np.ndarray) -> Ask:
    """Haystack's BM25 and embedding retrievers, joined by reciprocal rank fusion, as its hybrid tutorial does."""
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(embedding_similarity_function="cosine", return_embedding=False)
    store.write_documents(
        [
            Document(content=chunk, embedding=vector.tolist(), meta={"number": number})
            for number, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True))
        ]
    )
    pipeline = Pipeline()
    pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=TOP))
    pipeline.add_component("dense", InMemoryEmbeddingRetriever(store, top_k=TOP))
    pipeline.add_component("join", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=TOP))
    pipeline.connect("words", "join")
    pipeline.connect("dense", "join")

    def ask(question: str, vector: list[float]) -> list[int]:
        done = pipeline.run({"words": {"query": question}, "dense": {"query_embedding": vector}})
        return [document.meta["number"] for document in done["join"]["documents"]]

    return ask


def llama_hybrid(chunks: list[str], vectors: np.ndarray) -> Ask:
    """LlamaIndex's BM25 (German stemmer) and vector retrievers in its fusion retriever, reciprocal rank."""
    import Stemmer
    from llama_index.core import VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    asked: dict[str, list[float]] = {}

    class Given(BaseEmbedding):
        """Vectors that were made before."""

        def _get_query_embedding(self, query: str) -> list[float]:
            return asked[query]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return asked[query]

        def _get_text_embedding(self, text: str) -> list[float]:
            raise NotImplementedError("all chunks come with their vectors")

    nodes = [
        TextNode(id_=str(number), text=chunk, embedding=vector.tolist())
        for number, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True))
    ]
    dense = VectorStoreIndex(nodes, embed_model=Given(model_name="given")).as_retriever(similarity_top_k=TOP)
    words = BM25Retriever.from_defaults(
        nodes=nodes, similarity_top_k=TOP, stemmer=Stemmer.Stemmer("german"), language="de"
    )
    fusion = QueryFusionRetriever(
        [words, dense], llm=MockLLM(), mode="reciprocal_rerank", similarity_top_k=TOP, num_queries=1, use_async=False
    )

    def ask(question: str, vector: list[float]) -> list[int]:
        asked[question] = vector
        return [int(found.node.node_id) for found in fusion.retrieve(question)]

    return ask


SYSTEMS = {
    "BM25": plain_bm25,
    "BM25, stemmed": stemmed_bm25,
    "Haystack hybrid": haystack_hybrid,
    "LlamaIndex hybrid": llama_hybrid,
}


def main() -> None:
    """The command line."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    chunks = json.loads((source / "chunks.json").read_text("utf-8"))
    questions = json.loads((source / "questions.json").read_text("utf-8"))
    vectors, asked = np.load(source / "chunks.npy"), np.load(source / "questions.npy")
    told: dict[str, object] = {}
    for name, build in SYSTEMS.items():
        begun = time.perf_counter()
        try:
            ask = build(chunks, vectors)
            built_s = time.perf_counter() - begun
            found: list[list[int]] = []
            spent: list[float] = []
            for question, vector in zip(questions, asked, strict=True):
                begun = time.perf_counter()
                found.append(ask(question, vector.tolist()))
                spent.append(time.perf_counter() - begun)
            median = float(np.median(spent) * 1000)
            told[name] = {"found": found, "built_s": built_s, "median_ms": median}
            print(f"{name}: built in {built_s:.1f} s, {median:.1f} ms a question", file=sys.stderr)
        except Exception as fault:
            told[name] = {"fault": f"{type(fault).__name__}: {fault}"}
            print(f"{name}: {told[name]}", file=sys.stderr)
    target.write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
