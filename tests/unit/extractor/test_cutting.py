"""Passages on their way from the child: what is taken back is what cutting gives, and nothing that does not fit."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText, PageSpan
from resources.extractor import child
from resources.extractor.cutting import Cut, cut_of, document_of

LAW = """# Gesetz über Muster (Mustergesetz - MusterG)

## § 1 Zweck

(1) Dieses Gesetz regelt, was ein Muster ist.
(+++ § 1: zur Anwendung vgl. § 2 +++)

(2) Es gilt für:
1. Muster,
2. Beispiele.

## § 2 (weggefallen)
"""
TABLE = "# Preise\n\n| Ort | Preis |\n| --- | --- |\n" + "".join(
    f"| Mustertal {row} | {row},50 EUR |\n" for row in range(400)
)
PAGES = "Erste Seite mit Text.\n\nZweite Seite mit Text."


def text(words: str, pages: tuple[PageSpan, ...] = ()) -> ExtractedText:
    return ExtractedText(text=words, media_type="text/markdown", markup="markdown", pages=pages)


@pytest.mark.parametrize(
    "extracted",
    [
        text(LAW),
        text(TABLE),
        text(PAGES, (PageSpan(1, 0, 21), PageSpan(2, 23, len(PAGES)))),
        text("\n"),
    ],
    ids=["law", "table", "pages", "empty"],
)
def test_what_travels_comes_back_as_it_was_cut(extracted: ExtractedText) -> None:
    found = chunk_document(extracted, file_name="muster.md")
    cut = cut_of(found, len(extracted.text), 0.5)
    assert cut is not None
    travelled = msgspec.msgpack.decode(msgspec.msgpack.encode(cut), type=Cut)
    assert document_of(travelled, extracted) == found


def sample() -> tuple[ExtractedText, Cut]:
    extracted = text(LAW)
    cut = cut_of(chunk_document(extracted), len(LAW), 0.0)
    assert cut is not None
    assert len(cut.passages) > 2
    return extracted, cut


def moved(cut: Cut, number: int, **places: int) -> Cut:
    passages = list(cut.passages)
    passages[number] = msgspec.structs.replace(passages[number], **places)
    return msgspec.structs.replace(cut, passages=tuple(passages))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cut: moved(cut, -1, end=len(LAW) + 1),
        lambda cut: moved(cut, 0, start=-1),
        lambda cut: moved(cut, 0, end=cut.passages[0].start),
        lambda cut: moved(cut, 1, start=cut.passages[0].start),
        lambda cut: msgspec.structs.replace(cut, passages=cut.passages * 2),
        lambda cut: msgspec.structs.replace(cut, law_names=("MusterG",) * 101),
    ],
    ids=["beyond the text", "before it", "empty", "overlapping", "repeated", "names without end"],
)
def test_what_does_not_fit_the_text_is_refused(spoil: Callable[[Cut], Cut]) -> None:
    extracted, cut = sample()
    with pytest.raises(ValueError, match="passages"):
        document_of(spoil(cut), extracted)


def test_what_another_chunker_cut_is_left_aside() -> None:
    extracted, cut = sample()
    assert document_of(msgspec.structs.replace(cut, version="another"), extracted) is None


def test_the_child_leaves_to_the_parent_what_it_cannot_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    assert child._cut(text(LAW), "a.md") is not None
    monkeypatch.setattr(child, "chunk_document", fail)
    assert child._cut(text(LAW), "a.md") is None
