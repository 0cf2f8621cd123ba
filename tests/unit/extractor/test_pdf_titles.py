"""What programs write as the title of a PDF and nobody gave."""

import io

import pytest
from reportlab.pdfgen import canvas

from resources.extractor.limits import Limits
from resources.extractor.reading import extract


@pytest.mark.parametrize(
    ("stored", "title"),
    [
        ("(anonymous)", None),
        ("untitled", None),
        ("Microsoft Word - Vertrag.docx", None),
        ("Microsoft Word - Wärmelieferung", "Wärmelieferung"),
        ("Jahresbericht 2031", "Jahresbericht 2031"),
    ],
)
def test_titles_that_programs_write_are_none(stored: str, title: str | None) -> None:
    file = io.BytesIO()
    page = canvas.Canvas(file)
    page.setTitle(stored)
    page.drawString(100, 700, "Die Anlage wird im Mai gewartet.")
    page.save()
    assert extract(file.getvalue(), "a.pdf", "application/pdf", Limits(), "test").title == title
