"""Ingestion beside Haystack's and LlamaIndex's pipelines: same files, extractor and embedder, in turns in one run.

Run it as `python tests/bench/ingestion_side.py [--rounds 3]`. The others' libraries go into an environment of their
own under `.cache/`. They write to their usual stores in memory; Luna's drain writes text, passages, word index and
vectors to PostgreSQL, each document in a transaction of its own. Luna is measured twice: into a live index whose
lexicon is known, as the others get it, and into an empty one, where the lexicon is learnt on the way. Where the time
begins, every program is loaded and the processes that extract are up: two for Luna, which reads two documents at
once where many wait, one for the others, which read one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from uuid import uuid4

import psycopg

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from ingestion_field import SCHEMA, processor_seconds  # noqa: E402
from other_libraries import environment, packages_of  # noqa: E402

from luna_assets.documents.drain import Drain, DrainReport, DrainRequest  # noqa: E402
from resources.database import worker_connection  # noqa: E402
from resources.embedded.postgres import EmbeddedPostgres  # noqa: E402
from resources.extractor import EmbeddedExtractor, ExtractionError  # noqa: E402
from resources.migrate import migrate  # noqa: E402
from resources.objects import FolderObjectStore  # noqa: E402
from resources.secrets import DatabaseUrls, database_urls, load_secrets  # noqa: E402
from resources.settings import load_settings  # noqa: E402
from resources.vectors.postgres_writer import IndexWriter  # noqa: E402
from tests.places import SHARED, free_port  # noqa: E402

PACKAGES = (
    "haystack-ai==3.4.0",
    "llama-index-core==0.14.25",
    "pgvector-haystack==8.1.2",
    "llama-index-vector-stores-postgres==0.9.0",
)
LAWS = SHARED / "data" / "law" / "current"
PDFS = SHARED / "data" / "documents"
LUNA_LIVE, LUNA_EMPTY = "Luna, live index", "Luna, empty index"
OTHERS = ("Haystack", "LlamaIndex")
DURABLE = ", PostgreSQL"
Figures = dict[str, object]


def readable(paths: list[Path]) -> list[Path]:
    """Those with text in them, by the extractor that all sides use; the others would measure refusals."""
    kept: list[Path] = []
    with EmbeddedExtractor() as extractor:
        for path in paths:
            try:
                kept += [path] if len(extractor.extract(path.read_bytes(), path.name).text.strip()) > 200 else []
            except ExtractionError:
                continue
    return kept


class Luna:
    """One database and the queue in it."""

    def __init__(self, home: Path, server: EmbeddedPostgres) -> None:
        settings = load_settings({"luna_home": home, "database_url": server.url})
        secrets = load_secrets(settings)
        self.urls: DatabaseUrls = database_urls(settings, secrets)
        migrate(self.urls, secrets)
        self.objects = FolderObjectStore(home / "objects")
        self._server = server

    def receive(self, paths: list[Path]) -> None:
        """What the API does with an upload: the bytes under their hash, a row that waits."""
        with psycopg.connect(self.urls.owner) as owner:
            for path in paths:
                data = path.read_bytes()
                stored = self.objects.put(None, data)
                kind = "application/pdf" if path.suffix == ".pdf" else "text/markdown"
                owner.execute(
                    """INSERT INTO items (tenant_id, file_name, media_type, size_bytes, object_key, sha256, document_id)
                       VALUES (NULL, %s, %s, %s, %s, %s, %s)""",
                    (path.name, kind, stored.size_bytes, stored.key, stored.sha256, uuid4()),
                )

    def empty(self, *, forget: bool) -> None:
        """Every document waits again and nothing is derived; `forget` takes the lexicon away, too."""
        with psycopg.connect(self.urls.owner, autocommit=True) as owner:
            owner.execute("TRUNCATE index_segments, index_postings, index_vectors, item_chunks, item_texts CASCADE")
            if forget:
                owner.execute("TRUNCATE index_versions, index_lexicons CASCADE")
            # So many documents at once would have the lexicon learnt anew, which the others' embedder does not do.
            owner.execute("UPDATE index_versions SET learnt_chunks = 1000000 WHERE state = 'live'")
            owner.execute("UPDATE items SET status = 'received', stage = 'received', attempts = 0, chunk_count = 0")
            owner.execute("VACUUM")
            owner.execute("CHECKPOINT")

    def drain(self, documents: int) -> Figures:
        """One drain of the whole queue, lingering for nothing. Raises AssertionError where one is not ready."""
        report = DrainReport()
        with worker_connection(self.urls.worker) as worker, EmbeddedExtractor(workers=2) as extractor:
            extractor.warm_up(children=2)
            before, begun = processor_seconds(self.postmaster), time.perf_counter()
            report = Drain(worker, self.objects, extractor, gold=[], run_id=f"bench-{uuid4()}", log=lambda _: None).run(
                DrainRequest(linger_s=0)
            )
            wall, processor = time.perf_counter() - begun, processor_seconds(self.postmaster) - before
        assert report.ready == documents, report
        return {
            "wall_s": wall,
            "processor_s": processor,
            "chunks": report.chunks,
            "learnt": len(report.built),
            "parts_s": {part: round(spent, 2) for part, spent in report.seconds.items()},
        }

    def keep_lexicon(self, path: Path) -> None:
        """Write the live version's lexicon where the others read it."""
        with worker_connection(self.urls.worker) as worker:
            writer = IndexWriter(worker)
            live = writer.live_version(None)
            assert live is not None
            path.write_bytes(writer.lexicon(live.id).to_bytes())

    def empty_others(self) -> None:
        """The other systems' tables are gone, and the server has nothing left to do."""
        with psycopg.connect(self.urls.owner, autocommit=True) as owner:
            owner.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            owner.execute(f"CREATE SCHEMA {SCHEMA}")
            owner.execute("CHECKPOINT")

    @property
    def postmaster(self) -> int:
        """The server's process id."""
        return int((self._server.data / "postmaster.pid").read_text("utf-8").splitlines()[0])


def other(name: str, folder: Path, libraries: Path, luna: Luna | None) -> Figures:
    """One system's ingestion in a process of its own, into the database of `luna` where one is given.

    `fault` says why it cannot.
    """
    script = Path(__file__).resolve().parent / "ingestion_field.py"
    command = [sys.executable, str(script), name, str(folder / "files.txt"), str(folder / "lexicon"), str(libraries)]
    if luna is not None:
        luna.empty_others()
        command += [luna.urls.owner, str(luna.postmaster)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        return {"fault": done.stderr.strip()[-400:]}
    told: Figures = json.loads(done.stdout.splitlines()[-1])
    return told


def table(rounds: dict[str, list[Figures]], documents: int) -> str:
    """Markdown: a row for each system, medians of the rounds, ratios of Luna with a live index to the others."""
    lines = [
        "| system | passages | documents/s | by round | documents per processor second "
        "| Luna is × faster | × on the processor |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    walls = {name: [float(str(one["wall_s"])) for one in ones] for name, ones in rounds.items()}
    used = {name: [float(str(one["processor_s"])) for one in ones] for name, ones in rounds.items()}
    for name, ones in rounds.items():
        by_round = ", ".join(f"{documents / wall:.1f}" for wall in walls[name])
        # Rounds are paired: what disturbs the machine disturbs all sides of a round.
        ratios = [
            median(theirs / ours for theirs, ours in zip(times[name], times[LUNA_LIVE], strict=True))
            for times in (walls, used)
        ]
        shown = ["–", "–"] if name == LUNA_LIVE else [f"{ratio:.2f}" for ratio in ratios]
        lines.append(
            f"| {name} | {ones[0]['chunks']} | {documents / median(walls[name]):.1f} | {by_round} "
            f"| {documents / median(used[name]):.1f} | {shown[0]} | {shown[1]} |"
        )
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if not LAWS.is_dir():
        sys.exit(f"There are no laws at {LAWS}")
    laws = sorted(LAWS.glob("*.md"))
    paths = readable([*laws, *sorted(PDFS.glob("**/*.pdf"))])
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as name:
        folder = Path(name)
        (folder / "files.txt").write_text("\n".join(str(path.resolve()) for path in paths), "utf-8")
        with EmbeddedPostgres(home=folder / "home", port=free_port(), owner_password="of-the-bench") as server:
            luna = Luna(folder / "home", server)
            luna.receive(paths)
            luna.drain(len(paths))
            luna.keep_lexicon(folder / "lexicon")
            sides: dict[str, Callable[[], Figures]] = {}
            libraries = packages_of(environment("ingestion", PACKAGES))
            for system in OTHERS:
                sides[system] = lambda system=system: other(system, folder, libraries, None)
                sides[system + DURABLE] = lambda system=system: other(system, folder, libraries, luna)

            def live() -> Figures:
                luna.empty(forget=False)
                return luna.drain(len(paths))

            def learning() -> Figures:
                luna.empty(forget=True)
                return luna.drain(len(paths))

            # A live index needs a version to be there, so the empty one comes last: it leaves a new version.
            sides |= {LUNA_LIVE: live, LUNA_EMPTY: learning}
            rounds: dict[str, list[Figures]] = {}
            for turn in range(given.rounds):
                for system, measure in sides.items():
                    figures = measure()
                    print(json.dumps({"round": turn, "load": os.getloadavg()[0], system: figures}), flush=True)
                    if "fault" not in figures:
                        rounds.setdefault(system, []).append(figures)
    mb = sum(path.stat().st_size for path in paths) / 1e6
    print(f"\n{len(laws)} laws and {len(paths) - len(laws)} PDFs, {mb:.1f} MB, {given.rounds} rounds\n")
    print(table(rounds, len(paths)))


if __name__ == "__main__":
    main()
