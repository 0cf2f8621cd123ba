"""An index is built, replaced and taken back while Qdrant, which also holds it, is away or has lost it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from luna_assets.documents.drain import Drain, DrainReport, DrainRequest
from luna_assets.documents.engines import roll_back
from resources.database import worker_connection
from resources.extractor import EmbeddedExtractor
from resources.vectors.index import VersionInfo
from resources.vectors.points import PointsUnavailableError
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.qdrant import QdrantPoints
from resources.vectors.transfer import release
from tests.conftest import Database
from tests.contract.test_index_engines import Faulty, away
from tests.integration.documents.test_drain import House
from tests.integration.documents.test_gold_by_vectors import GOLD, law

pytestmark = pytest.mark.timeout(300)


class OutsideHouse(House):
    """A house whose index lies in Qdrant, too."""

    points: QdrantPoints

    def by(self, points: Any, *, rebuild: bool = False) -> DrainReport:
        """A drain that meets Qdrant as `points` do."""
        drain = Drain(
            self.worker,
            self.objects,
            self.extractor,
            gold=GOLD,
            run_id="run-outside",
            log=lambda _: None,
            points=points,
        )
        return drain.run(DrainRequest(linger_s=0, rebuild=rebuild))

    def live(self) -> VersionInfo:
        """The live public version."""
        found = IndexWriter(self.worker, self.points).live_version(None)
        assert found is not None
        return found


@pytest.fixture
def house(database: Database, tmp_path: Path, extractor: EmbeddedExtractor) -> Iterator[OutsideHouse]:
    with worker_connection(database.urls.worker) as worker:
        made = OutsideHouse(database, tmp_path, extractor, worker)
        made.points = QdrantPoints.in_memory("luna_test_away")
        made.add("beispieltal.md", law(), tenant=None)
        (built,) = made.by(made.points).built
        assert built.promoted
        assert made.live().engines == ("postgres", "qdrant")
        yield made
        made.points.close()


def gone(house: OutsideHouse) -> Any:
    """Qdrant when nobody answers."""
    return Faulty(house.points, away)


def emptied(house: OutsideHouse) -> Any:
    """Qdrant when somebody has deleted all that was in it."""
    house.points.retain([])
    return house.points


FAULTS = pytest.mark.parametrize("fault", [gone, emptied])


@FAULTS
def test_an_index_is_rebuilt(house: OutsideHouse, fault: Callable[[OutsideHouse], Any]) -> None:
    before = house.live().id
    (built,) = house.by(fault(house), rebuild=True).built
    assert built.promoted
    assert built.gold_live is not None
    assert built.gold_live.by_vectors, "the live version was asked as its askers are: in PostgreSQL"
    assert house.live().id == built.version_id != before


def test_a_scope_that_outgrew_its_lexicon_gets_its_documents(house: OutsideHouse) -> None:
    sections = "\n\n".join(f"## Quargel {number}\n\n{'Quargel reift. ' * 30}" for number in range(700))
    large = house.add("quargel.md", sections.encode(), tenant=None)
    report = house.by(gone(house))
    assert [built.promoted for built in report.built] == [True], "so much came that a new version was learnt from it"
    assert house.status(large)[0] == "ready"


@FAULTS
def test_one_can_go_back(house: OutsideHouse, fault: Callable[[OutsideHouse], Any]) -> None:
    first = house.live().id
    house.by(house.points, rebuild=True)
    writer = IndexWriter(house.worker, fault(house))
    report = roll_back(house.worker, writer, None, None, run_id="run-back", gold=GOLD, log=lambda _: None)
    assert report.gold is not None
    assert report.gold.by_vectors
    assert house.live().id == first
    # Where Qdrant is there, what it lost is written anew; where it is not, the version does not name it.
    assert house.live().engines == (("postgres",) if fault is gone else ("postgres", "qdrant"))


def test_what_is_in_qdrant_only_is_not_compared_without_it(house: OutsideHouse) -> None:
    live = house.live().id
    release(IndexWriter(house.worker, house.points), live, "postgres")
    with pytest.raises(PointsUnavailableError):
        house.by(gone(house), rebuild=True)
    assert house.live().id == live
