"""Answers that are hard to lay out or to trust: what is longer than the page is wide, and a model that broke off."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import Session
from .test_page import too_wide

LONG_WORD = ("Donaudampfschifffahrts" + "elektrizitaetenhauptbetriebswerk" * 9)[:300]
BROKE_OFF = "klein:latest brach mitten in der Antwort ab; ab da lesen Sie die Fundstellen im Wortlaut."
PASSAGES = 60
ROWS = 40


def played(page: Page, **changes: Any) -> None:
    """Let the stand-in's answers have other parts; `changes` may name any of an answer."""

    def answer(route: Route) -> None:
        head, done = route.fetch().text().split("event: done\ndata: ")
        told = json.loads(done) | changes
        meta = head[: head.index("\n\n") + 2]
        body = f"{meta}event: done\ndata: {json.dumps(told)}\n\n"
        route.fulfill(body=body, headers={"content-type": "text/event-stream"})

    page.route("**/api/v1/rag/ask", answer)


def citation(number: int) -> dict[str, Any]:
    """One passage of many, under a title without a place to break it."""
    payload = {
        "item_id": "3f2b1c00-0000-4000-8000-000000000000",
        "title": f"Gesetz {LONG_WORD}" if number == 1 else "Sehr_langer_Dateiname_" * 10 + ".pdf",
        "file_name": "Sehr_langer_Dateiname_" * 10 + ".pdf",
        "section": "§ " + "9" * 80,
        "paragraph": None,
        "page": None,
        "version": 1,
        "valid_from": None,
        "valid_to": None,
        "heading_path": [LONG_WORD],
        "text": f"Das Wort {LONG_WORD} steht hier.",
        "char_start": 0,
        "char_end": 20,
        "url": None,
    }
    chunk_id = f"00000000-0000-4000-8000-{number:012d}"
    return {"chunk_id": chunk_id, "score": 0.9, "scores": {"lexical": 0.6}, "payload": payload}


def long_answer() -> dict[str, Any]:
    """An answer with everything that is longer than a line: words, names, marks one after another, a table."""
    passages = [citation(number) for number in range(PASSAGES)]
    marks = [f"[chunk {one['chunk_id']}]" for one in passages]
    rows = "\n".join(
        f"| {n} | Netzgebiet {LONG_WORD if n == 7 else n} | gilt nur in Niederspannung {marks[n]} |"
        for n in range(ROWS)
    )
    table = f"| Nr. | Gebiet | Bemerkung |\n| --- | --- | --- |\n{rows}"
    return {
        "answer": f"Das Wort {LONG_WORD} steht hier. {''.join(marks)}\n\n{table}\n\n1. {LONG_WORD}",
        "summary": f"Einschlägig ist {LONG_WORD}.",
        "suggestion": f"Prüfen Sie {LONG_WORD}.",
        "next_question": f"Möchten Sie {LONG_WORD} wissen?",
        "steps": [LONG_WORD],
        "citations": passages,
        "chunks_used": [one["chunk_id"] for one in passages],
        "mode": "generative",
        "model": f"modell/{'x' * 60}:8b",
        "writing": {"attempts": [], "dropped": 0, "note": f"{LONG_WORD} brach ab."},
    }


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_of_a_long_answer_leaves_the_page(desk: Session, real_server: bool, width: int) -> None:
    if real_server:
        pytest.skip("the answer is played")
    page = desk.page
    page.set_viewport_size({"width": width, "height": 800})
    played(page, **long_answer())
    desk.goto("/")
    desk.ask(f"{LONG_WORD} " * 12)
    page.get_by_text("Warum diese Quellen?").click()
    found = too_wide(page)
    assert found["page"] <= width
    assert found["elements"] == []
    assert [pane for pane in found["panes"] if "overflow-x-auto" not in pane] == []
    cell = page.locator("article td").filter(has_text=LONG_WORD).bounding_box()
    assert cell is not None
    assert cell["width"] <= min(width, 390)


def test_a_long_heading_of_a_hit_stays_in_its_column(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the hits are played")
    page = desk.page

    def hits(route: Route) -> None:
        body = route.fetch().json()
        for hit in body["data"]["hits"]:
            hit["payload"]["heading_path"] = [LONG_WORD]
        route.fulfill(json=body)

    page.route("**/api/v1/rag/search", hits)
    desk.goto("/suche?q=Netzentgelt")
    page.get_by_test_id("hit").first.wait_for()
    assert too_wide(page)["panes"] == []


def test_that_a_model_broke_off_is_said_before_its_answer_and_on_paper(
    desk: Session, question: str, real_server: bool
) -> None:
    if real_server:
        pytest.skip("a real model breaks off when it likes")
    page = desk.page
    played(page, mode="generative", model="klein:latest", writing={"attempts": [], "dropped": 0, "note": BROKE_OFF})
    desk.goto("/")
    desk.ask(question)
    note = page.get_by_role("note").filter(has_text=BROKE_OFF)
    expect(note).to_have_count(1)
    text = page.get_by_text("Die Mindestleistung beträgt 4,2 kW je").first.bounding_box()
    place = note.bounding_box()
    assert text is not None
    assert place is not None
    assert place["y"] + place["height"] <= text["y"]
    page.emulate_media(media="print")
    expect(note).to_be_visible()


def test_where_a_model_broke_off_the_place_is_marked(desk: Session, question: str, real_server: bool) -> None:
    if real_server:
        pytest.skip("a real model breaks off when it likes")
    page = desk.page
    passage = citation(1)
    mark = f"[chunk {passage['chunk_id']}]"
    written = f"Der Mond \U0001f319 schrieb diesen Satz {mark}."
    writing = {"attempts": [], "dropped": 0, "note": BROKE_OFF, "verbatim_from": len(written) + 2}
    played(
        page,
        answer=f"{written}\n\nDies steht wörtlich da {mark}.",
        summary="Kurz gesagt.",
        citations=[passage],
        chunks_used=[passage["chunk_id"]],
        mode="generative",
        model="klein:latest",
        writing=writing,
    )
    desk.goto("/")
    desk.ask(question)
    places = [
        page.get_by_text(words).bounding_box()
        for words in ("Der Mond \U0001f319 schrieb", "ab hier die Fundstellen im Wortlaut", "Dies steht wörtlich da")
    ]
    tops = [place["y"] for place in places if place is not None]
    assert len(tops) == 3
    assert tops == sorted(set(tops))
    page.set_viewport_size({"width": 360, "height": 800})
    assert too_wide(page)["elements"] == []
    expect(page.get_by_test_id("verbatim-from")).to_be_visible()


def focused(page: Page) -> str:
    """What the focused element is called."""
    return str(
        page.evaluate(
            "(e => e?.getAttribute('aria-label') || e?.labels?.[0]?.textContent || e?.textContent.trim() || '')"
            "(document.activeElement)"
        )
    )


def test_the_focus_stays_near_what_went_away_with_it(desk: Session, question: str) -> None:
    page = desk.goto("/")
    page.get_by_role("button", name="Was ist ein dynamischer Tarif?").press("Enter")
    page.get_by_role("region", name="Quellen").last.wait_for()
    assert focused(page) == "Ihre Frage an Luna"
    page.get_by_role("button", name="Nicht hilfreich").press("Enter")
    page.get_by_role("button", name="Ohne Anmerkung").press("Enter")
    assert focused(page) == "Nicht hilfreich"
    page.get_by_role("button", name="Noch einmal fragen").press("Enter")
    page.get_by_role("region", name="Quellen").last.wait_for()
    assert focused(page) == "Ihre Frage an Luna"


@pytest.mark.parametrize("slower", [1, 25])
def test_after_a_conversation_is_deleted_the_focus_is_on_the_next(
    desk: Session, real_server: bool, slower: int
) -> None:
    if real_server:
        pytest.skip("a real server may have no conversations")
    page = desk.goto("/")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    list_of = page.get_by_role("region", name="Gespräche")
    links = list_of.get_by_role("link")
    expect(links.nth(1)).to_be_visible()
    count = links.count()
    after = links.nth(1).get_attribute("data-conversation")
    list_of.get_by_role("button", name=re.compile("löschen$")).first.press("Enter")
    expect(links).to_have_count(count - 1)
    page.wait_for_function("id => document.activeElement?.dataset?.conversation === id", arg=after)
    page.get_by_role("button", name="Rückgängig").click()
    expect(links).to_have_count(count)


def test_the_mark_of_a_number_leads_the_focus_to_how_it_was_reckoned(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the figures are played")
    page = desk.goto("/")
    page.get_by_label("Ihre Frage an Luna").fill("Wie viele Stunden waren negativ?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Rechenweg 1")).first.press("Enter")
    expect(page.get_by_test_id("proof").locator("summary").first).to_be_focused()


def test_no_stop_of_the_tab_key_is_unseen_among_the_meters(desk: Session) -> None:
    page = desk.goto("/zaehler")
    page.get_by_role("button", name="Datei wählen").wait_for()
    page.locator("#main").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if focused(page).startswith("Datei wählen"):
            break
        width = page.evaluate("document.activeElement.getBoundingClientRect().width")
        assert width > 4, focused(page)
    assert focused(page).startswith("Datei wählen")
