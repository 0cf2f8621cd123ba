"""A model whose vectors are worth nothing is refused although words find every gold question; what leads out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from luna_assets.documents.drain import DrainRequest
from luna_assets.documents.gold import GoldQuestion
from luna_assets.documents.index_build import BuildReport
from resources.database import DEFAULT_TENANT, worker_connection
from resources.extractor import EmbeddedExtractor
from tests.conftest import Database
from tests.fake_embedding import EMBED_MODEL, bag_of_words, constant, inverted, nonsense
from tests.fake_ollama import Script, fake_ollama
from tests.integration.documents.test_drain import text
from tests.integration.documents.test_embed_models import ModelHouse

pytestmark = pytest.mark.timeout(300)

SIZE = 256
BAD = {"unsinn": nonsense(SIZE), "verdreht": inverted(SIZE), "gleich": constant(SIZE)}
# fmt: off
THINGS = (
    "Antrag", "Zähler", "Leitung", "Rechnung", "Vertrag", "Abschlag", "Kündigung", "Sperrung", "Messung",
    "Einspeisung", "Wallbox", "Speicher", "Wärmepumpe", "Grundversorgung", "Konzession", "Umspannwerk",
    "Bilanzkreis", "Fahrplan", "Regelenergie", "Netzentgelt", "Umlage", "Herkunftsnachweis", "Ladesäule",
    "Straßenlampe", "Hausanschluss", "Biogas", "Windpark", "Solardach", "Kraftwerk", "Trasse",
)
# fmt: on
BODIES = ("Stadtwerk", "Kreis", "Land")
LAW = "Beispieltalgesetz"


def law() -> bytes:
    """A law of ninety sections, each about one thing and one body."""
    sections: list[str] = []
    for thing in THINGS:
        for body in BODIES:
            number = len(sections) + 1
            sections.append(
                f"## § {number} {thing}\n\n(1) Für {thing} nach diesem Gesetz ist {body} zuständig, soweit nichts "
                f"anderes bestimmt ist.\n\n(2) {body} prüft {thing} mindestens alle {number + 2} Jahre und gibt das "
                "Ergebnis bekannt."
            )
    return f"# {LAW}\n\n{chr(10).join(sections)}\n".encode()


GOLD = [
    GoldQuestion(f"Wer ist {body} und prüft {thing}?", frozenset({(LAW.lower(), f"§ {at * len(BODIES) + place + 1}")}))
    for at, thing in enumerate(THINGS)
    for place, body in enumerate(BODIES[:1])
]


@pytest.fixture
def house(database: Database, tmp_path: Path, extractor: EmbeddedExtractor) -> Iterator[ModelHouse]:
    names = [EMBED_MODEL, *(f"{name}:latest" for name in BAD)]
    script = Script(models=dict.fromkeys(names, 2048), abilities={name: ["embedding"] for name in names})

    def embed(texts: list[str]) -> list[list[float]]:
        name = str(script.asked[-1][1]["model"]).removesuffix(":latest")
        return BAD.get(name, bag_of_words(SIZE))(texts)

    script.embed = embed
    with worker_connection(database.urls.worker) as worker, fake_ollama(script) as url:
        made = ModelHouse(database, tmp_path, extractor, worker)
        made.host = url
        made.add("beispieltal.md", law(), tenant=None)
        yield made


def rebuilt(house: ModelHouse, model: str, gold: list[GoldQuestion] = GOLD) -> list[BuildReport]:
    return house.by_models(DrainRequest(linger_s=0, rebuild=True, model=model), gold=gold).built


def test_words_hide_a_bad_model_and_its_vectors_alone_do_not(house: ModelHouse) -> None:
    (first,) = house.by_models(gold=GOLD).built
    assert first.promoted
    assert first.by_vectors is not None
    assert first.by_vectors.hits > 20, "the index's own vectors find them"
    (good,) = rebuilt(house, EMBED_MODEL)
    assert good.promoted
    assert good.by_vectors is not None
    assert good.by_vectors.live == first.by_vectors.hits
    live = house.live()
    for name in BAD:
        (bad,) = rebuilt(house, f"{name}:latest")
        assert (bad.promoted, bad.gold_holds, bad.vectors_hold) == (False, True, False), name
        assert bad.by_vectors is not None
        assert bad.by_vectors.hits < bad.by_vectors.questions / 4
        assert house.live().id == live.id
        (said,) = house.one(
            "SELECT report #>> '{by_vectors,said}' FROM index_versions WHERE id = %s AND state = 'refused'",
            bad.version_id,
        )
        assert str(said).startswith(
            f"Allein über Vektoren: {bad.by_vectors.hits} von {len(GOLD)} Probefragen, die damals laufende Fassung "
            f"{good.by_vectors.hits} von {len(GOLD)}."
        )
    kept = house.one(
        "SELECT report #> '{by_vectors,holds}', report #> '{by_vectors,judged}' FROM index_versions WHERE id = %s",
        live.id,
    )
    assert kept == (True, True)


def test_what_the_public_corpus_refused_no_own_corpus_gets(house: ModelHouse) -> None:
    house.add("eigen.md", text("Wallbox"), tenant=DEFAULT_TENANT)
    house.by_models(gold=GOLD)
    own = house.live(DEFAULT_TENANT)
    public, refused = rebuilt(house, "verdreht:latest")
    assert (public.tenant_id, public.promoted) == (None, False)
    assert (refused.tenant_id, refused.promoted, house.live(DEFAULT_TENANT).id) == (DEFAULT_TENANT, False, own.id)
    assert refused.by_vectors is not None
    assert public.by_vectors is not None
    assert refused.by_vectors.said == f"Im öffentlichen Bestand fand dieses Modell zu wenig. {public.by_vectors.said}"
    assert [one.promoted for one in rebuilt(house, EMBED_MODEL)] == [True, True]
    assert house.live(DEFAULT_TENANT).embedder == EMBED_MODEL


def test_the_public_corpus_is_asked_first_whatever_came_first(house: ModelHouse) -> None:
    house.add("eigen.md", text("Wallbox"), tenant=DEFAULT_TENANT)
    house.by_models(gold=GOLD)
    rebuilt(house, EMBED_MODEL)
    house.add("neu.md", text("Speicher"), tenant=DEFAULT_TENANT)
    assert [(one.tenant_id, one.promoted) for one in rebuilt(house, "verdreht:latest")] == [
        (None, False),
        (DEFAULT_TENANT, False),
    ]


def test_the_way_back_to_own_vectors_is_open(house: ModelHouse) -> None:
    house.by_models(gold=())
    (blind,) = rebuilt(house, "unsinn:latest", gold=[])
    assert blind.promoted, "nobody asked it anything"
    assert house.live().embedder == "unsinn:latest"
    (back,) = rebuilt(house, "local")
    assert back.promoted
    assert back.by_vectors is not None
    assert back.by_vectors.live is not None
    assert back.by_vectors.hits > 2 * back.by_vectors.live
    assert house.live().embedder.startswith("svd-")


def test_a_scope_without_an_index_gets_one_whatever_the_model(house: ModelHouse) -> None:
    (built,) = rebuilt(house, "unsinn:latest")
    assert built.promoted
    assert house.live().embedder.startswith("svd-")
    assert house.one("SELECT embedder, report #> '{by_vectors,holds}' FROM index_versions WHERE state = 'refused'") == (
        "unsinn:latest",
        False,
    )
    assert house.one("SELECT count(*) FROM items WHERE status = 'ready'") == (1,)
