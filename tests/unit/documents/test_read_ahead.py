"""Reading ahead: in order, no more than may lie ready, and never so that somebody waits for ever."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest

from luna_assets.documents import hands
from luna_assets.documents.hands import ReadAhead
from luna_assets.documents.queue import Claim
from luna_rules.documents.model import ExtractedText
from resources.extractor import ExtractionError, ReadDocument

WORDS = "Ein Satz von Text."


class Store:
    """Gives each document's key as its bytes."""

    def get(self, key: str) -> bytes:
        return key.encode()


class Reader:
    """Notes what it reads; what is called `schlecht` it cannot read."""

    def __init__(self, workers: int = 1) -> None:
        self.seen: list[str] = []
        self.workers = workers

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        del data, media_type
        self.seen.append(file_name)
        if file_name == "schlecht":
            raise ExtractionError("damaged")
        return ReadDocument(ExtractedText(text=WORDS, media_type="text/plain", markup="plain"), None, 1e9)


class Together(Reader):
    """Reads only where another reads at the same time; else it gives up after a while and notes that it was alone."""

    def __init__(self, workers: int, patience_s: float) -> None:
        super().__init__(workers)
        self.alone: list[str] = []
        self._meet = threading.Barrier(2)
        self._patience_s = patience_s

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        try:
            self._meet.wait(self._patience_s)
        except threading.BrokenBarrierError:
            self.alone.append(file_name)
            self._meet.reset()
        return super().read(data, file_name, media_type)


def claim(number: int, name: str = "") -> Claim:
    return Claim(
        item_id=UUID(int=number),
        tenant_id=None,
        document_id=UUID(int=number),
        version=1,
        file_name=name or str(number),
        media_type="text/plain",
        object_key=str(number),
        size_bytes=100,
        title=None,
        attempts=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        was_ready=False,
    )


def ahead(reader: Reader) -> ReadAhead:
    return ReadAhead(Store(), reader)  # type: ignore[arg-type]


def test_documents_are_read_in_order_and_a_bad_one_stops_no_other() -> None:
    reader = Reader()
    claims = [claim(1), claim(2, "schlecht"), claim(3)]
    with ahead(reader) as reading:
        reading.expect(claims)
        first = reading.take(claims[0])
        assert first.text.text == WORDS
        # A child's clock is not believed beyond our own.
        assert first.seconds == 0.0
        assert 0 <= first.cut_seconds < 1e9
        with pytest.raises(ExtractionError):
            reading.take(claims[1])
        assert reading.take(claims[2]).text.text == WORDS
    assert reader.seen == ["1", "schlecht", "3"]


def test_nothing_more_is_read_while_enough_lies_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "AHEAD_CHARACTERS", len(WORDS) + 1)
    reader = Reader()
    claims = [claim(number) for number in range(1, 6)]
    reading = ahead(reader)
    reading.expect(claims)
    reading._begun[claims[1].item_id][0].result(30)
    reading.close()
    reading._pool.shutdown(wait=True)
    assert reader.seen == ["1", "2"]


def test_whoever_waits_for_a_later_document_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "AHEAD_CHARACTERS", 1)
    reader = Reader()
    claims = [claim(number) for number in range(1, 6)]
    with ahead(reader) as reading:
        reading.expect(claims[:4])
        assert reading.is_ready(claims[4], 30)
        assert reading.take(claims[4]).text.text == WORDS
        for one in claims[:4]:
            reading.take(one)
        assert reading._characters == 0
    assert reader.seen == ["1", "2", "3", "4", "5"]


def test_no_more_documents_are_begun_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "AHEAD", 2)
    reader = Reader()
    claims = [claim(number) for number in range(1, 9)]
    with ahead(reader) as reading:
        reading.expect(claims)
        assert len(reading._begun) == 3
        reading.take(claims[0])
        reading.expect(claims[1:])
        assert len(reading._begun) == 3


def test_two_are_read_at_once_where_as_many_wait_as_may_be_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "AHEAD", 4)
    reader = Together(2, patience_s=30)
    claims = [claim(number) for number in range(1, 7)]
    with ahead(reader) as reading:
        for number, one in enumerate(claims):
            reading.expect(claims[number:])
            assert reading.take(one).text.text == WORDS
    assert not reader.alone
    assert sorted(reader.seen) == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(("workers", "count"), [(2, 4), (1, 9)])
def test_few_documents_or_one_process_are_read_one_by_one(
    monkeypatch: pytest.MonkeyPatch, workers: int, count: int
) -> None:
    monkeypatch.setattr(hands, "AHEAD", 4)
    reader = Together(workers, patience_s=0.05)
    claims = [claim(number) for number in range(1, count + 1)]
    with ahead(reader) as reading:
        for number, one in enumerate(claims):
            reading.expect(claims[number:])
            reading.take(one)
    assert reader.alone == reader.seen
    assert sorted(reader.seen) == [str(number) for number in range(1, count + 1)]


def test_who_waits_for_a_place_when_all_ends_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    class Held(Reader):
        def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
            begun.set()
            goes_on.wait(30)
            return super().read(data, file_name, media_type)

    reader = Held(2)
    reading = ahead(reader)
    reading.expect([claim(1), claim(2)])
    assert begun.wait(30)
    reading.close()
    goes_on.set()
    reading._pool.shutdown(wait=True)
    assert len(reader.seen) == 1
