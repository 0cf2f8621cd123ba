"""Every real document of the shared collection: each ends as text or as a clear refusal, none in anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from luna_rules.documents.model import ExtractedText
from resources.extractor import EmbeddedExtractor, ExtractionError

DOCUMENTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "documents"
FILES = sorted(path.relative_to(DOCUMENTS).as_posix() for path in DOCUMENTS.rglob("*") if path.is_file())

pytestmark = pytest.mark.skipif(not FILES, reason=f"the shared documents are missing: {DOCUMENTS}")

# What must be known about a file, whatever else changes.
EXPECTED = {
    "encrypted/full_encrypted.7z": "unsupported",
    "encrypted/protectedSheets.xlsx": "ok",
    "encrypted/test7Z_protected_passTika.7z": "unsupported",
    "encrypted/testEXCEL_protected_passtika_2.xlsx": "encrypted",
    "encrypted/testPDF_no_extract_no_accessibility_owner_empty.pdf": "ok",
    "encrypted/testPDF_no_extract_yes_accessibility_owner_user.pdf": "encrypted",
    "encrypted/testPassword4Spaces.pdf": "encrypted",
    "encrypted/testWORD_protected_drm.doc": "encrypted",
    "encrypted/testZipEncrypted.zip": "unsupported",
    "hostile/testODTnotaZipFile.odt": "unsupported",
    "hostile/testPDF_jsActionOnPage.pdf": "no_text",
    "hostile/testWORD_truncated.docx": "damaged",
    "hostile/testZIP_corrupted_oom.zip": "unsupported",
    "hostile/truncated_70pct.docx": "damaged",
    "office/haystack_non_text_searchable.pdf": "no_text",
    "office/test-documents.tgz": "unsupported",
    "office/testTAR_no_magic.tar": "unsupported",
    "official_pdf/agmahnvordrv_bgbl1_2016_j0408_0010.pdf": "ok",
    "official_pdf/pfav_bgbl1_2016_j0842-1_0150.pdf": "garbled",
    "official_pdf/sdlwindv_bgbl1_2009_j1734-1_0080.pdf": "no_text",
    "official_pdf/vbrinsvv_bgbl1_2020_j0859_0010.pdf": "ok",
    "official_pdf/zvfv_bgbl1_2014_j0754-1_0180.pdf": "garbled",
}


@pytest.mark.parametrize("name", FILES)
def test_document(extractor: EmbeddedExtractor, name: str) -> None:
    refusal: ExtractionError | None = None
    found: ExtractedText | None = None
    try:
        found = extractor.extract((DOCUMENTS / name).read_bytes(), name)
    except ExtractionError as error:
        refusal = error
    outcome = refusal.code if refusal else "ok"
    assert outcome == EXPECTED.get(name, outcome)
    if refusal:
        assert refusal.permanent
        assert refusal.message.endswith(".")
    if found:
        assert any(char.isalnum() for char in found.text)
        assert "\r" not in found.text
        assert "\x00" not in found.text
        end = 0
        for number, page in enumerate(found.pages, start=1):
            assert page.number == number
            assert end <= page.char_start <= page.char_end <= len(found.text)
            end = page.char_end
        assert bool(found.pages) == (found.media_type.endswith(("/pdf", "presentation")))


def test_words_cut_by_the_layout_are_whole(extractor: EmbeddedExtractor) -> None:
    name = "official_pdf/vbrinsvv_bgbl1_2020_j0859_0010.pdf"
    if name not in FILES:
        pytest.skip(f"{name} is missing")
    found = extractor.extract((DOCUMENTS / name).read_bytes(), name)
    assert "Verbraucherinsolvenz- und Restschuldbefreiungsverfahren" in found.text
    assert "außergerichtlichen Einigungsversuchs" in found.text
    assert len(found.pages) == 12
    assert "\n\nAllgemeine Hinweise\n\n" in found.text
