"""Whether what a reader gave is text at all: pages of mere letter codes are left out, or refuse the document."""

from __future__ import annotations

from luna_rules.documents.legibility import assess_legibility
from resources.extractor.errors import ExtractionError

# A page with less visible text than this is not judged by itself.
_PAGE_CHARS = 200
_GARBLED_ADVICE = "Bitte das Dokument neu erzeugen oder in einem anderen Format senden."


def legible_pages(pages: list[str], warnings: list[str]) -> list[str]:
    """The pages without those that cannot be read, told in `warnings`; `ExtractionError` when none can be."""
    whole = "\n\n".join(pages)
    if whole.strip():
        verdict = assess_legibility(whole)
        if not verdict.ok:
            raise ExtractionError("garbled", f"{verdict.reason} {_GARBLED_ADVICE}")
    broken = [
        number
        for number, page in enumerate(pages, start=1)
        if sum(map(len, page.split())) >= _PAGE_CHARS and not assess_legibility(page).ok
    ]
    if not broken:
        return pages
    if len(broken) == len(pages):
        raise ExtractionError("garbled")
    warnings.append(f"{page_list(broken)} nicht lesbar kodiert und im Text ausgelassen.")
    return ["" if number in broken else page for number, page in enumerate(pages, start=1)]


def page_list(numbers: list[int]) -> str:
    """`Seite 3 ist` or `Seiten 1–3, 7 sind`, for a sentence."""
    runs: list[str] = []
    start = previous = numbers[0]
    for number in [*numbers[1:], 0]:
        if number == previous + 1:
            previous = number
            continue
        runs.append(str(start) if start == previous else f"{start}–{previous}")
        start = previous = number
    return f"Seite {numbers[0]} ist" if len(numbers) == 1 else f"Seiten {', '.join(runs)} sind"
