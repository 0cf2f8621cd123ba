"""The asset `documents/evaluation` on a real index, and when the sensor runs it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from dagster import (
    AssetMaterialization,
    DagsterInstance,
    Failure,
    RunRequest,
    SkipReason,
    build_sensor_context,
    materialize,
)

from luna_assets.documents.assets import INDEX
from luna_assets.documents.drain import Drain, DrainRequest
from luna_assets.evaluation import assets
from luna_assets.evaluation import measure as measuring
from luna_assets.evaluation.measure import fitting, gold_questions, measure
from luna_rules.answers.gather import Ground, Search
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.evaluation.metrics import figures
from luna_rules.evaluation.questions import GoldQuestion, Provision
from resources.database import Connection, worker_connection
from resources.extractor import EmbeddedExtractor
from resources.objects import FolderObjectStore
from resources.wiring import LunaResource
from tests.conftest import Database

LAW = """% Gesetz zur Probe der Laternen (Laternengesetz - LatG)
% Ausfertigungsdatum: 01.01.2020

# § 1 – Zweck

Dieses Gesetz dient der Sicherheit der Straßenlaternen in den Gemeinden.

# § 2 – Prüfung der Laternen

(1) Jede Straßenlaterne ist alle sieben Jahre von einem Sachverständigen zu prüfen.

(2) Die Kosten der Prüfung trägt die Gemeinde.

# § 3 – Bußgeld

Wer eine Laterne beschädigt, zahlt ein Bußgeld von bis zu 900 Euro.

# § 4 – Verzeichnis der Masten

| Kennung | Standort | Lichtpunkthöhe (Meter) |
|---|---|---|
""" + "".join(f"| MA-{1000 + n} | Gasse {n} in Talheim | {3 + n % 9} |\n" for n in range(200))
LAW_KEY = "latg"
QUESTIONS = [
    GoldQuestion("l-1", "Wie oft ist eine Straßenlaterne zu prüfen?", "number", (Provision(LAW_KEY, "§ 2"),), "tune"),
    GoldQuestion(
        "l-2",
        "Wer trägt die Kosten der Prüfung und welches Bußgeld droht bei Beschädigung?",
        "multi",
        (Provision(LAW_KEY, "§ 2"), Provision(LAW_KEY, "§ 3")),
        "hold",
    ),
    GoldQuestion("l-3", "Wer schrieb den Faust?", "offtopic", (), "tune"),
    GoldQuestion("l-4", "Was regelt § 38 EnWG?", "section_lookup", (Provision("enwg", "§ 38"),), "tune"),
]


class GivenLuna(LunaResource):
    """The clients of a test's own database."""

    worker_url: str

    @contextmanager
    def connection(self) -> Generator[Connection]:
        with worker_connection(self.worker_url) as connection:
            yield connection


@pytest.fixture(scope="module")
def luna(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> GivenLuna:
    objects = FolderObjectStore(tmp_path_factory.mktemp("objects"))
    stored = objects.put(None, LAW.encode())
    with module_database.owner() as owner:
        owner.execute(
            """INSERT INTO items (tenant_id, file_name, media_type, size_bytes, object_key, sha256, document_id,
                                  version, kind)
               VALUES (NULL, 'LatG.md', 'text/markdown', %s, %s, %s, %s, 1, 'regulation')""",
            (stored.size_bytes, stored.key, stored.sha256, uuid4()),
        )
    with worker_connection(module_database.urls.worker) as worker, EmbeddedExtractor() as extractor:
        report = Drain(worker, objects, extractor, gold=[], run_id="r", log=lambda _: None).run(
            DrainRequest(linger_s=0)
        )
    assert report.ready == 1, report.failures
    return GivenLuna(worker_url=module_database.urls.worker)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "gold_questions", lambda: QUESTIONS)


def test_the_live_version_is_asked_what_fits_it(luna: GivenLuna) -> None:
    with luna.connection() as connection:
        assert [one.id for one in fitting(connection, QUESTIONS)] == ["l-1", "l-2", "l-3"]
        measured = measure(connection, QUESTIONS)
    assert measured is not None
    assert measured.left_out == 1
    told = figures(measured.outcomes)
    whole, several = told.kind(), told.kind("multi")
    assert whole is not None
    assert whole.hit.value == 1.0
    assert several is not None
    assert several.complete is not None
    assert several.complete.value == 1.0
    assert told.refusals is not None
    assert told.refusals.refused_rightly == told.refusals.absent == 1


def test_a_row_of_a_long_table_is_read_under_its_heads_as_the_api_does(luna: GivenLuna) -> None:
    question = "Welche Lichtpunkthöhe hat der Mast MA-1190?"
    place = (Provision(LAW_KEY, "§ 4"),)
    heads = GoldQuestion("l-5", question, "number", place, "tune", evidence=("Lichtpunkthöhe (Meter)", "MA-1190"))
    with luna.connection() as connection:
        measured = measure(connection, [heads])
    assert measured is not None
    (outcome,) = measured.outcomes
    assert outcome.answered
    assert outcome.evidence == 1.0


def test_before_declining_it_searches_once_more_as_the_api_does(
    luna: GivenLuna, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    found: list[str | None] = []

    def wanted(question: str, passages: Sequence[Passage], matcher: ConceptMatcher) -> Search:
        asked.append(question)
        return Search("Bußgeld für beschädigte Laternen", 1)

    def joined(question: str, read: Ground, more: Sequence[Passage], matcher: ConceptMatcher, top_k: int) -> Ground:
        found.extend(passage.section for passage in more)
        return read

    monkeypatch.setattr(measuring, "second_search", wanted)
    monkeypatch.setattr(measuring, "with_second", joined)
    with luna.connection() as connection:
        measured = measure(connection, QUESTIONS)
    assert measured is not None
    declined = [one.question.question for one in measured.outcomes if not one.answered]
    assert asked == declined == ["Wer schrieb den Faust?"], "what is answered needs no further search"
    assert found == ["§ 3"]


def test_no_fitting_question_is_no_measurement(luna: GivenLuna) -> None:
    with luna.connection() as connection:
        assert measure(connection, QUESTIONS[3:]) is None


@pytest.mark.usefixtures("asked")
def test_the_asset_keeps_a_table_by_half_and_kind(luna: GivenLuna) -> None:
    with DagsterInstance.ephemeral() as instance:
        done = materialize([assets.evaluation], resources={"luna": luna}, instance=instance)
        (event,) = done.asset_materializations_for_node("documents__evaluation")
    records = [record.data for record in event.metadata["by_kind"].records]  # type: ignore[union-attr]
    assert {record["half"] for record in records} == {"tune", "hold", "both"}
    declined = {record.data["half"]: record.data for record in event.metadata["refusals"].records}  # type: ignore[union-attr]
    assert (declined["tune"]["without an answer"], declined["tune"]["declined rightly"]) == (1, 1)
    assert (declined["both"]["with an answer"], declined["both"]["declined wrongly"]) == (2, 0)
    assert event.metadata["left_out"].value == 1
    assert event.metadata["hit_at_5"].value == 1.0


@pytest.mark.usefixtures("asked")
def test_an_unknown_half_is_told(luna: GivenLuna) -> None:
    config = {"ops": {"documents__evaluation": {"config": {"split": "holdd"}}}}
    with DagsterInstance.ephemeral() as instance, pytest.raises(Failure, match="'tune' and 'hold'"):
        materialize([assets.evaluation], resources={"luna": luna}, instance=instance, run_config=config)


@pytest.mark.usefixtures("asked")
def test_a_promotion_is_measured_once_and_only_where_it_is_worth_it(
    luna: GivenLuna, monkeypatch: pytest.MonkeyPatch, module_database: Database
) -> None:
    with DagsterInstance.ephemeral() as instance:

        def tick(cursor: str | None = None) -> tuple[object, str | None]:
            context = build_sensor_context(instance=instance, cursor=cursor, resources={"luna": luna})
            return assets.index_promoted(context), context.cursor

        assert isinstance(tick()[0], SkipReason), "nothing was promoted yet"
        instance.report_runless_asset_event(AssetMaterialization(INDEX))
        told, cursor = tick()
        assert isinstance(told, SkipReason), "two questions are not worth a run"
        assert cursor

        monkeypatch.setattr(assets, "WORTH_MEASURING", 2)
        with module_database.owner() as owner:
            owner.execute("UPDATE items SET status = 'received'")
        told, unmoved = tick()
        assert isinstance(told, SkipReason), "documents wait: they come first"
        assert unmoved is None, "the promotion is not forgotten meanwhile"
        with module_database.owner() as owner:
            owner.execute("UPDATE items SET status = 'ready'")
        told, cursor = tick()
        assert isinstance(told, RunRequest)
        assert isinstance(tick(cursor)[0], SkipReason), "once is enough"


def test_the_projects_own_questions_are_there() -> None:
    assert Path(assets.__file__).exists()
    assert {one.split for one in gold_questions()} == {"tune", "hold"}
