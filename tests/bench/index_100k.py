"""How fast, how large and how complete the passage index is at 100,000 passages, under row security, on PostgreSQL.

Run it as `python tests/bench/index_100k.py [--chunks 100000] [--database-url URL-of-an-empty-database]`. Without an
address it starts an embedded server of its own. Passages are those of the shared laws and disturbed copies of them.
With `--reindex` it measures instead how long a rebuild of them all takes, as the job `documents_reindex` does it; with
`QDRANT_URL` the rebuild goes to Qdrant, too, and searches there are measured.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import psutil
import psycopg
from msgspec import structs

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from luna_rules.documents.chunking import chunk_document  # noqa: E402
from luna_rules.documents.model import ExtractedText  # noqa: E402
from luna_rules.search.analyser import Analyser  # noqa: E402
from luna_rules.search.lexicon import Lexicon  # noqa: E402
from luna_rules.search.model import ChunkFields  # noqa: E402
from resources.database import AppDatabase, worker_connection  # noqa: E402
from resources.embedded.postgres import EmbeddedPostgres  # noqa: E402
from resources.migrate import migrate  # noqa: E402
from resources.search_tables import load_search_tables  # noqa: E402
from resources.secrets import DatabaseUrls, database_urls, load_secrets  # noqa: E402
from resources.settings import load_settings  # noqa: E402
from resources.vectors.index import NO_FILTERS, Filters, IndexedItem, SearchResult  # noqa: E402
from resources.vectors.postgres import PostgresIndex  # noqa: E402
from resources.vectors.postgres_reader import exact_dense  # noqa: E402
from resources.vectors.postgres_writer import IndexWriter  # noqa: E402

LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
QUESTIONS = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"
TODAY = date(2026, 6, 15)
ITEM_CHUNKS = 20
SEGMENT_CHUNKS = 20_000
FILTERS = {"none": NO_FILTERS, "10 %": Filters(tags=("ten",)), "1 %": Filters(tags=("one",))}


@dataclass(frozen=True)
class Item:
    """A document of the bench."""

    item_id: UUID
    tags: list[str]
    chunks: list[tuple[UUID, ChunkFields, str | None]]


def law_chunks() -> list[list[ChunkFields]]:
    """The passages of each law."""
    laws: list[list[ChunkFields]] = []
    for path in sorted(LAWS.glob("*.md")):
        text = ExtractedText(text=path.read_text("utf-8"), media_type="text/markdown", markup="markdown")
        document = chunk_document(text)
        laws.append(
            [
                ChunkFields(
                    title=document.title or "",
                    heading=" / ".join(chunk.heading_path),
                    body=chunk.text,
                    section=chunk.section,
                    paragraph=chunk.paragraph,
                    law_names=document.law_names,
                )
                for chunk in document.chunks
            ]
        )
    return laws


def disturbed(law: Sequence[ChunkFields], pool: np.ndarray, rng: np.random.Generator) -> list[ChunkFields]:
    """A copy in which every sixth word is another one of the corpus, as in a document about the same matters."""
    copies: list[ChunkFields] = []
    for chunk in law:
        body = chunk.body.split()
        for i in np.flatnonzero(rng.random(len(body)) < 1 / 6).tolist():
            body[i] = str(pool[int(rng.integers(len(pool)))])
        heading = chunk.heading if rng.random() < 0.5 else ""
        copies.append(
            structs.replace(
                chunk, title=f"Vertrag {rng.integers(10_000)}", heading=heading, body=" ".join(body), law_names=()
            )
        )
    return copies


def cut(chunks: Sequence[ChunkFields], rng: np.random.Generator) -> Iterator[Item]:
    """Documents of a size in which people upload them."""
    for start in range(0, len(chunks), ITEM_CHUNKS):
        part = chunks[start : start + ITEM_CHUNKS]
        draw = rng.random()
        tags = ["all", *(["ten"] if draw < 0.1 else []), *(["one"] if draw < 0.01 else [])]
        yield Item(uuid4(), tags, [(uuid4(), chunk, chunk.section) for chunk in part])


def make_items(total: int) -> tuple[dict[str, list[Item]], list[list[ChunkFields]]]:
    """Public: 60 %, one tenant: 40 %, another tenant: 10 % on top, which the first must not see."""
    rng = np.random.default_rng(11)
    laws = law_chunks()
    pool = np.array([word for law in laws for chunk in law for word in chunk.body.split()], dtype=object)
    wanted = {"public": int(total * 0.6), "one": int(total * 0.4), "other": int(total * 0.1)}
    items: dict[str, list[Item]] = {}
    for scope, count in wanted.items():
        chunks: list[ChunkFields] = [chunk for law in laws for chunk in law] if scope == "public" else []
        while len(chunks) < count:
            for law in laws:
                chunks += disturbed(law, pool, rng)
        items[scope] = list(cut(chunks[:count], rng))
    return items, laws


def store_items(urls: DatabaseUrls, tenant: UUID | None, items: Sequence[Item]) -> None:
    """Rows of items and chunks, as the owner."""
    with psycopg.connect(urls.owner) as connection, connection.cursor() as cursor:
        if tenant is not None:
            cursor.execute("INSERT INTO tenants (id, name) VALUES (%s, %s)", (tenant, f"bench-{tenant.hex[:8]}"))
        with cursor.copy(
            "COPY items (id, tenant_id, tags, status, file_name, media_type, size_bytes, object_key, sha256) FROM STDIN"
        ) as copy:
            for item in items:
                copy.write_row(
                    (item.item_id, tenant, item.tags, "ready", "x", "text/plain", 1, "x", item.item_id.hex * 2)
                )
        with cursor.copy(
            "COPY item_chunks (id, tenant_id, item_id, chunk_idx, text, char_start, char_end, chunker_version) "
            "FROM STDIN"
        ) as copy:
            for item in items:
                for i, (chunk_id, fields, _) in enumerate(item.chunks):
                    copy.write_row((chunk_id, tenant, item.item_id, i, fields.body, 0, 1, "bench"))


def build(urls: DatabaseUrls, tenant: UUID | None, items: Sequence[Item], base: Lexicon | None) -> Lexicon:
    """A live version of a scope; prints what each step took."""
    began = time.perf_counter()
    lexicon = Lexicon.learn([fields for item in items for _, fields, _ in item.chunks], base=base)
    learn = time.perf_counter() - began
    analyse = write = 0.0
    terms = postings = chunks = 0
    with worker_connection(urls.worker) as connection:
        writer = IndexWriter(connection)
        version = writer.create_version(tenant, lexicon, chunker_version="bench", run_id=None)
        analyser = Analyser(lexicon)
        per_segment = SEGMENT_CHUNKS // ITEM_CHUNKS
        for start in range(0, len(items), per_segment):
            part = [IndexedItem(item.item_id, item.chunks) for item in items[start : start + per_segment]]
            report = writer.add_segment(version, tenant, part, analyser, None)
            analyse += report.analyse_seconds
            write += report.write_seconds
            terms, postings, chunks = terms + report.terms, postings + report.postings, chunks + report.chunks
        began = time.perf_counter()
        checked = writer.verify(version)
        verify = time.perf_counter() - began
        began = time.perf_counter()
        writer.promote(version)
        promote = time.perf_counter() - began
    print(
        f"  {chunks:>7} chunks: learn {learn:.1f} s, analyse {analyse:.1f} s, write {write:.1f} s, "
        f"verify {verify:.2f} s ({'ok' if checked.ok else 'NOT OK'}), "
        f"promote {promote:.2f} s; {postings} postings, {terms} term rows, "
        f"lexicon {len(lexicon.to_bytes()) / 2**20:.1f} MB, {len(lexicon.terms)} vector terms"
    )
    return lexicon


def quantiles(milliseconds: Sequence[float]) -> str:
    """Median and 95th percentile."""
    return f"p50 {np.quantile(milliseconds, 0.5):6.1f}  p95 {np.quantile(milliseconds, 0.95):6.1f} ms"


def rss() -> float:
    """Memory of this process in MB."""
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


async def ask(
    database: AppDatabase, index: PostgresIndex, tenant: UUID, question: str, filters: Filters
) -> tuple[SearchResult, float, float]:
    """One search in a transaction of its own, its milliseconds (transaction included), those of this process alone."""
    began, used = time.perf_counter(), time.process_time()
    async with database.transaction(tenant) as connection:
        result = await index.search(connection, tenant, question, filters=filters, as_of=TODAY, limit=50)
    return result, (time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000


async def measure(urls: DatabaseUrls, tenant: UUID, other: UUID, version: int, lexicon: Lexicon, cache_mb: int) -> None:
    """Latencies, recall, memory."""
    tables = load_search_tables()
    questions = [str(json.loads(line)["question"]) for line in QUESTIONS.read_text("utf-8").splitlines() if line]
    database = AppDatabase(urls.app)
    await database.open()
    before = rss()
    index = PostgresIndex(tables, cache_mb)
    result, cold, _ = await ask(database, index, tenant, questions[0], NO_FILTERS)
    print(f"cold: first search of a process {cold:.0f} ms {dict(result.timings_ms)}")
    print(
        f"memory: {before:.0f} MB before, {rss():.0f} MB after the first search, "
        f"cache says {index.cached_bytes / 2**20:.0f} MB"
    )
    first = [(await ask(database, index, tenant, question, NO_FILTERS))[1] for question in questions]
    print(f"first time of each question    {quantiles(first)}")
    for name, filters in FILTERS.items():
        for question in questions:
            await ask(database, index, tenant, question, filters)
        times: list[float] = []
        processor: list[float] = []
        parts: dict[str, list[float]] = {}
        for _ in range(5):
            for question in questions:
                result, took, used = await ask(database, index, tenant, question, filters)
                times.append(took)
                processor.append(used)
                for part, value in result.timings_ms.items():
                    parts.setdefault(part, []).append(value)
        print(f"warm, filter {name:<5}             {quantiles(times)}; processor {quantiles(processor)}")
        print("   " + "  ".join(f"{part} {np.median(v):.2f}/{np.quantile(v, 0.95):.2f}" for part, v in parts.items()))
    print(f"memory: {rss():.0f} MB warm, cache says {index.cached_bytes / 2**20:.0f} MB of {cache_mb}")
    exact = PostgresIndex(tables, 1024, candidates=10**9)
    for name, filters in FILTERS.items():
        recalls: dict[int, list[float]] = {10: [], 50: []}
        for question in questions:
            wanted = [h.chunk_id for h in (await ask(database, exact, tenant, question, filters))[0].hits]
            found = [h.chunk_id for h in (await ask(database, index, tenant, question, filters))[0].hits]
            for depth, values in recalls.items():
                if wanted:
                    values.append(len(set(wanted[:depth]) & set(found[:depth])) / len(wanted[:depth]))
        shown = ", ".join(f"recall@{depth} {np.mean(v):.3f} (worst {min(v):.2f})" for depth, v in recalls.items())
        print(f"against no cut, filter {name:<5}: {shown}")
    del exact
    foreign, _, _ = await ask(database, index, other, questions[0], NO_FILTERS)
    print(
        f"two tenants in the cache: {rss():.0f} MB, cache says {index.cached_bytes / 2**20:.0f} MB; "
        f"{len(foreign.hits)} hits"
    )
    async with database.transaction(tenant) as connection:
        vector = foreign.query.vector(lexicon) if foreign.query else lexicon.matrix[0]
        began = time.perf_counter()
        await exact_dense(connection, version, vector, 50)
        print(f"exact scan of {version}'s vectors in the database: {(time.perf_counter() - began) * 1000:.0f} ms")
    await database.close()


def sizes(urls: DatabaseUrls) -> None:
    """Bytes of each table of the index."""
    with psycopg.connect(urls.owner) as connection:
        rows = connection.execute(
            """SELECT relname, pg_relation_size(oid), pg_indexes_size(oid), pg_total_relation_size(oid)
               FROM pg_class WHERE relkind = 'r' AND (relname LIKE 'index_%' OR relname = 'item_chunks')
               ORDER BY 4 DESC"""
        ).fetchall()
    for name, heap, indexes, total in rows:
        mb = [int(str(size)) / 2**20 for size in (heap, indexes, total)]
        print(
            f"  {name!s:<18} total {mb[2]:7.1f} MB  heap {mb[0]:7.1f}  indexes {mb[1]:6.1f}  "
            f"toast {mb[2] - mb[0] - mb[1]:7.1f}"
        )


@contextmanager
def database_for(url: str | None) -> Iterator[DatabaseUrls]:
    """Addresses of a migrated database: the given one, or an embedded one that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as home:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        server = None if url else EmbeddedPostgres(home=Path(home), port=port, owner_password="bench-password")
        if server is not None:
            server.__enter__()
        try:
            settings = load_settings({"luna_home": home, "database_url": url or server.url})  # type: ignore[union-attr]
            secrets = load_secrets(settings)
            urls = database_urls(settings, secrets)
            migrate(urls, secrets)
            yield urls
        finally:
            if server is not None:
                server.__exit__(None, None, None)


def _rebuild(urls: tuple[str, str, str, str], done: Pipe) -> None:
    """In a process of its own, so that its peak of memory is the rebuild's."""
    from luna_assets.documents.index_build import build_version
    from resources.vectors.engines import open_points

    lines: list[str] = []
    began = time.perf_counter()

    def log(line: str) -> None:
        lines.append(f"{time.perf_counter() - began:6.1f} s  {line}")

    points = open_points(load_settings())
    with worker_connection(DatabaseUrls(*urls).worker) as connection:
        writer = IndexWriter(connection, points)
        report = build_version(connection, None, writer=writer, run_id="bench", gold=(), log=log)
    took = time.perf_counter() - began
    processor = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    done.send((took, processor, peak, report.promoted, report.chunks, dict(report.seconds), lines))


def reindex(urls: DatabaseUrls, items: Sequence[Item]) -> None:
    """Rebuilds the public index of all passages and prints time, memory and progress."""
    store_items(urls, None, items)
    engine = "PostgreSQL and Qdrant" if os.environ.get("QDRANT_URL") else "PostgreSQL"
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_rebuild, args=((urls.owner, urls.app, urls.worker, urls.dagster), there)
    )
    process.start()
    took, processor, peak, promoted, chunks, seconds, lines = here.recv()
    process.join()
    print("\n".join(lines))
    parts = ", ".join(f"{name} {spent:.1f} s" for name, spent in seconds.items())
    print(
        f"re-index to {engine}: {chunks} chunks in {took:.1f} s ({processor:.1f} s of this process; {parts}), "
        f"peak {peak:.0f} MB, {'promoted' if promoted else 'NOT PROMOTED'}"
    )
    if not os.environ.get("QDRANT_URL"):
        print("Qdrant: not measured (QDRANT_URL names no server)")
        return
    asyncio.run(measure_qdrant(urls))


async def measure_qdrant(urls: DatabaseUrls) -> None:
    """Searches with Qdrant and without, in turn: latencies, processor time of this process, recall."""
    from resources.vectors.engines import open_points
    from resources.vectors.qdrant_index import QdrantIndex

    points = open_points(load_settings())
    assert points is not None
    tables = load_search_tables()
    questions = [str(json.loads(line)["question"]) for line in QUESTIONS.read_text("utf-8").splitlines() if line]
    database = AppDatabase(urls.app)
    await database.open()
    asker = uuid4()
    exact = PostgresIndex(tables, 1024, candidates=10**9)
    wanted: list[set[UUID]] = []
    for question in questions:
        result, _, _ = await ask(database, exact, asker, question, NO_FILTERS)
        wanted.append({hit.chunk_id for hit in result.hits})
    del exact
    gc.collect()
    engines = {"Qdrant": QdrantIndex(tables, points), "PostgreSQL": PostgresIndex(tables)}
    times: dict[str, list[float]] = {name: [] for name in engines}
    processor: dict[str, list[float]] = {name: [] for name in engines}
    recalls: dict[str, list[float]] = {name: [] for name in engines}
    for round_ in range(6):
        for number, question in enumerate(questions):
            for name, index in engines.items():
                result, took, used = await ask(database, index, asker, question, NO_FILTERS)
                if round_:
                    times[name].append(took)
                    processor[name].append(used)
                elif wanted[number]:
                    found = {hit.chunk_id for hit in result.hits}
                    recalls[name].append(len(found & wanted[number]) / len(wanted[number]))
    for name, values in times.items():
        least = [min(values[number :: len(questions)]) for number in range(len(questions))]
        print(
            f"{name:<11} warm {quantiles(values)}; least of five {quantiles(least)}; "
            f"processor {quantiles(processor[name])}; recall@50 {np.mean(recalls[name]):.3f}"
        )
    print(f"trouble: {engines['Qdrant'].trouble}")  # type: ignore[attr-defined]
    await database.close()


def main() -> None:
    """Builds, measures, prints."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--chunks", type=int, default=100_000)
    arguments.add_argument("--cache-mb", type=int, default=160, help="160 as where nothing else is set")
    arguments.add_argument("--database-url")
    arguments.add_argument("--merge", action="store_true", help="merge the segments before measuring")
    arguments.add_argument("--reindex", action="store_true", help="measure a rebuild instead of searches")
    chosen = arguments.parse_args()
    with database_for(chosen.database_url) as urls:
        items, laws = make_items(chosen.chunks)
        print(f"{sum(map(len, laws))} passages of {len(laws)} laws, with disturbed copies {chosen.chunks} for an asker")
        if chosen.reindex:
            reindex(urls, [*items["public"], *items["one"]])
            return
        tenants: dict[str, UUID | None] = {"public": None, "one": uuid4(), "other": uuid4()}
        lexicons: dict[str, Lexicon] = {}
        for scope, tenant in tenants.items():
            store_items(urls, tenant, items[scope])
            base = lexicons["public"] if tenant else None
            lexicons[scope] = build(urls, tenant, items[scope], base)
        with worker_connection(urls.worker) as connection:
            writer = IndexWriter(connection)
            public, one = writer.live_version(None), writer.live_version(tenants["one"])
            assert public is not None and one is not None  # noqa: PT018
            if chosen.merge:
                began = time.perf_counter()
                count = writer.merge_segments(public.id, 1)
                print(f"merged the public segments ({count} written) in {time.perf_counter() - began:.1f} s")
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")
        sizes(urls)
        lexicon = lexicons["public"]
        del items, lexicons
        asker, other = tenants["one"], tenants["other"]
        assert asker is not None
        assert other is not None
        asyncio.run(measure(urls, asker, other, public.id, lexicon, chosen.cache_mb))


if __name__ == "__main__":
    main()
