"""Another embedding model, all the way: asked for, built by Dagster, judged by the gold questions, taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult

from luna_assets.build import build_defs
from luna_assets.documents import assets as document_assets
from luna_assets.documents import queue
from luna_assets.documents.drain import Drain, DrainReport, DrainRequest
from luna_assets.documents.engines import roll_back
from luna_assets.documents.gold import GoldQuestion
from resources.database import DEFAULT_TENANT, worker_connection
from resources.embedder import EmbedderError
from resources.extractor import EmbeddedExtractor
from resources.objects import FolderObjectStore
from resources.vectors.embedders import Embedders
from resources.vectors.index import VersionInfo
from resources.vectors.postgres_writer import IndexWriter
from tests.conftest import Database
from tests.fake_embedding import EMBED_MODEL, bag_of_words, embedding_script
from tests.fake_ollama import Script, fake_ollama
from tests.integration.documents.test_drain import House, text
from tests.places import free_port

pytestmark = pytest.mark.timeout(300)

SIZE = 32
BAD = "schlecht:latest"
SECTIONS = 12
TARGET = 7
GOLD = [
    GoldQuestion(
        "Bis wann ist der Antrag auf Netzanschluss zu stellen?", frozenset({("mustertalgesetz", f"§ {TARGET}")})
    )
]


def law() -> bytes:
    """A law whose sections speak of the same; one answers the gold question."""
    same = "Der Antrag auf Netzanschluss ist zu stellen"
    sections = "\n\n".join(
        f"## § {number} Antrag\n\n(1) {same}, und zwar "
        + ("bis Freitag." if number == TARGET else f"formlos bei der Stelle {number}, die ihn bestätigt und verwahrt.")
        for number in range(1, SECTIONS + 1)
    )
    return f"# Mustertalgesetz\n\n{sections}\n".encode()


def misleading(texts: list[str]) -> list[list[float]]:
    """A model for which a question is like every passage but the one that answers it."""
    return [[1.0, 0.0] if "Freitag" not in one else [-1.0, 0.0] for one in texts]


@pytest.fixture
def script() -> Script:
    made = embedding_script(SIZE)
    made.models[BAD] = 2048
    made.abilities[BAD] = ["embedding"]
    return made


class ModelHouse(House):
    """A house with a models' server."""

    host: str = ""

    def by_models(
        self,
        request: DrainRequest | None = None,
        *,
        host: str | None = None,
        gold: Sequence[GoldQuestion] = GOLD,
    ) -> DrainReport:
        """A drain with the models' server, or with the one at `host` (empty: none is configured)."""
        address = (self.host if host is None else host) or None
        with Embedders(address) as embedders:
            drain = Drain(
                self.worker,
                self.objects,
                self.extractor,
                gold=gold,
                run_id="run-models",
                log=lambda _: None,
                embedders=embedders,
            )
            return drain.run(request or DrainRequest(linger_s=0))

    def rebuilt(self, model: str) -> DrainReport:
        """A rebuild with a model."""
        return self.by_models(DrainRequest(linger_s=0, rebuild=True, model=model))

    def live(self, tenant: UUID | None = None) -> VersionInfo:
        """The live version of a scope."""
        found = IndexWriter(self.worker).live_version(tenant)
        assert found is not None
        return found


@pytest.fixture
def house(database: Database, tmp_path: Path, extractor: EmbeddedExtractor, script: Script) -> Iterator[ModelHouse]:
    def embed(texts: list[str]) -> list[list[float]]:
        model = script.asked[-1][1]["model"]
        return misleading(texts) if model == BAD else bag_of_words(SIZE)(texts)

    script.embed = embed
    with worker_connection(database.urls.worker) as worker, fake_ollama(script) as url:
        made = ModelHouse(database, tmp_path, extractor, worker)
        made.host = url
        made.add("mustertal.md", law(), tenant=None)
        yield made


def test_a_rebuild_by_a_model_is_promoted_and_one_by_a_bad_model_is_not(house: ModelHouse) -> None:
    house.by_models()
    first = house.live()
    assert first.embedder.startswith("svd-")
    (built,) = house.rebuilt(EMBED_MODEL).built
    assert built.promoted
    assert built.gold is not None
    assert built.gold.hits == 1, "the gold question is found"
    assert (built.embedder, built.model_digest, built.dimension) == (EMBED_MODEL, "a" * 64, SIZE)
    good = house.live()
    assert (good.embedder, good.dimension) == (EMBED_MODEL, SIZE)
    assert IndexWriter(house.worker).verify(good.id).ok

    (refused,) = house.rebuilt(BAD).built
    assert not refused.promoted
    assert refused.counts_agree
    assert (refused.gold_holds, refused.gold and refused.gold.hits) == (False, 0)
    assert house.live().id == good.id
    (state,) = house.one("SELECT state FROM index_versions WHERE id = %s", refused.version_id)
    assert state == "refused"

    with Embedders(house.host) as embedders:
        writer = IndexWriter(house.worker, None, embedders)
        for target in (first, good):
            back = roll_back(house.worker, writer, None, None, run_id="run", gold=GOLD, log=lambda _: None)
            assert back.to_version == target.id
            assert back.gold is not None
            assert back.gold.hits == 1


def test_a_run_that_was_not_asked_keeps_to_the_model_there_is(
    house: ModelHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.by_models()
    house.rebuilt(EMBED_MODEL)
    before = house.live()
    late = house.add("spaet.md", text("Messstelle", 4), tenant=None)
    report = house.by_models()
    assert (house.status(late)[0], report.built) == ("ready", [])
    assert house.live().id == before.id
    assert IndexWriter(house.worker).verify(before.id).ok
    monkeypatch.setattr("luna_assets.documents.drain.LEARN_FROM_CHUNKS", 1)
    monkeypatch.setattr("luna_assets.documents.drain.BYTES_PER_CHUNK", 1)
    house.add("mehr.md", text("Ablesung", 40), tenant=None)
    (grown,) = house.by_models().built
    assert (grown.promoted, grown.embedder) == (True, EMBED_MODEL)


def test_a_new_scope_does_as_the_public_one_does(house: ModelHouse) -> None:
    house.by_models()
    house.rebuilt(EMBED_MODEL)
    house.add("eigen.md", text("Wallbox"), tenant=DEFAULT_TENANT)
    house.by_models()
    assert house.live(DEFAULT_TENANT).embedder == EMBED_MODEL


@pytest.mark.parametrize("fault", ["down", "digest", "dimension", "none"])
def test_new_documents_wait_while_the_model_is_not_to_be_had(house: ModelHouse, script: Script, fault: str) -> None:
    house.by_models()
    house.rebuilt(EMBED_MODEL)
    late = house.add("spaet.md", text("Messstelle"), tenant=None)
    host = {"down": f"http://127.0.0.1:{free_port()}", "none": ""}.get(fault)
    if fault == "digest":
        script.digests[EMBED_MODEL] = "b" * 64
    elif fault == "dimension":
        script.embed = bag_of_words(SIZE // 2)
    with pytest.raises(EmbedderError):
        house.by_models(host=host)
    assert house.status(late) == ("received", "received", None)
    script.digests[EMBED_MODEL], script.embed = "a" * 64, bag_of_words(SIZE)
    assert house.by_models().ready == 1
    assert house.status(late)[0] == "ready"


def test_a_rebuild_without_the_model_leads_out_of_it(house: ModelHouse) -> None:
    house.by_models()
    house.rebuilt(EMBED_MODEL)
    late = house.add("spaet.md", text("Messstelle"), tenant=None)
    report = house.by_models(DrainRequest(linger_s=0, rebuild=True, model="local"), host="", gold=())
    assert [built.promoted for built in report.built] == [True]
    assert house.live().embedder.startswith("svd-")
    assert house.status(late)[0] == "ready"


def test_a_model_that_changes_while_it_embeds_is_not_built_with(house: ModelHouse, script: Script) -> None:
    house.by_models()
    before = house.live()
    embeds = bag_of_words(SIZE)

    def changing(texts: list[str]) -> list[list[float]]:
        if len(texts) > 1:
            script.digests[EMBED_MODEL] = "b" * 64
        return embeds(texts)

    script.embed = changing
    with pytest.raises(EmbedderError, match="ausgetauscht"):
        house.rebuilt(EMBED_MODEL)
    assert house.live().id == before.id
    script.digests[EMBED_MODEL], script.embed = "a" * 64, embeds
    assert [built.promoted for built in house.rebuilt(EMBED_MODEL).built] == [True]
    assert house.one("SELECT count(*) FROM index_versions WHERE state = 'building'") == (0,)


def test_the_job_takes_the_choice_and_tells_of_it(house: ModelHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through Dagster: run config, the administrator's choice, lineage, the blocking check, a reason in a sentence."""
    from resources.wiring import LunaResource

    class HouseResource(LunaResource):
        @property
        def objects(self) -> FolderObjectStore:  # type: ignore[override]
            return house.objects

    owner_url = house.database.settings.database_url
    assert owner_url is not None
    monkeypatch.setenv("DATABASE_URL", owner_url.get_secret_value())
    monkeypatch.setenv("LUNA_HOME", str(house.database.settings.home))
    monkeypatch.setenv("OLLAMA_HOST", house.host)
    monkeypatch.setattr(document_assets, "load_gold", lambda: GOLD)
    house.by_models()

    def run(**config: object) -> ExecuteInProcessResult:
        with DagsterInstance.ephemeral() as instance:
            job = build_defs(luna=HouseResource()).resolve_job_def("documents_reindex")
            return job.execute_in_process(
                run_config={"ops": {"documents": {"config": {"linger_s": 0, "rebuild": True, **config}}}},
                instance=instance,
                raise_on_error=False,
            )

    missing = run(embed_model="fehlt")
    assert not missing.success
    assert "fehlt liegt nicht auf dem Modellserver" in str(missing.get_step_failure_events()[0].step_failure_data)
    assert run().success
    assert house.live().embedder.startswith("svd-"), "nobody chose a model"
    with house.database.owner() as owner:
        owner.execute("INSERT INTO model_choices (role, model, chosen_by) VALUES ('embed', %s, 'test')", (EMBED_MODEL,))
    chosen = run()
    assert chosen.success
    (index,) = [
        one for one in chosen.get_asset_materialization_events() if one.asset_key == AssetKey(["documents", "index"])
    ]
    assert index.step_materialization_data.materialization.metadata["embedder"].value == f"{EMBED_MODEL}@{'a' * 12}"
    assert house.live().embedder == EMBED_MODEL
    bad = run(embed_model=BAD)
    assert not bad.success
    checks = {one.check_name: one.passed for one in bad.get_asset_check_evaluations()}
    assert checks["gold_questions"] is False
    told = next(one for one in bad.get_asset_check_evaluations() if one.check_name == "gold_questions")
    assert str(told.metadata["by_vectors"].value).startswith("Allein über Vektoren: 0 von 1 Probefragen, die damals ")
    assert house.live().embedder == EMBED_MODEL
    assert run(embed_model="local").success
    assert house.live().embedder.startswith("svd-")


def test_a_document_that_the_model_cannot_take_is_given_up_and_the_others_are_not(
    house: ModelHouse, script: Script
) -> None:
    house.by_models()
    house.rebuilt(EMBED_MODEL)

    def embed(texts: list[str]) -> list[list[float]]:
        vectors = bag_of_words(SIZE)(texts)
        return [
            [float("nan")] * SIZE if "Quarzfalter" in one else vector
            for one, vector in zip(texts, vectors, strict=True)
        ]

    script.embed = embed
    heavy = house.add("schwer.md", text("Quarzfalter"), tenant=None)
    light = house.add("leicht.md", text("Messstelle"), tenant=None)
    for _ in range(queue.MAX_ATTEMPTS - 1):
        with pytest.raises(EmbedderError):
            house.by_models()
        assert [house.status(item)[0] for item in (heavy, light)] == ["received", "received"]
    house.by_models()
    assert house.status(heavy)[::2] == ("failed", "unavailable")
    assert house.status(light)[0] == "ready"
