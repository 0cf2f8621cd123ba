"""Bringing documents in, and watching them become readable."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import FilePayload, expect

from .conftest import Session


def note(name: str, text: str) -> FilePayload:
    """A file for the picker."""
    return {"name": name, "mimeType": "text/markdown", "buffer": text.encode()}


def test_an_upload_goes_through_its_stages_and_its_twin_leads_to_it(desk: Session) -> None:
    page = desk.goto("/dokumente")
    text = f"# Prüfbericht {uuid4()}\n\nDer Messstellenbetreiber tauscht den Zähler bis zum Jahresende.\n"
    page.locator("input[type=file]").set_input_files([note("pruefbericht.md", text)])
    upload = page.get_by_test_id("upload").first
    expect(upload.get_by_role("list", name="Verarbeitung")).to_be_visible()
    expect(upload).to_have_attribute("data-state", "ready", timeout=60_000)
    expect(upload.locator("[data-stage][data-done=true]")).to_have_count(5)
    link = upload.get_by_role("link", name="Ansehen")
    target = link.get_attribute("href")

    page.locator("input[type=file]").set_input_files([note("pruefbericht-kopie.md", text)])
    twin = page.get_by_test_id("upload").first
    expect(twin).to_have_attribute("data-state", "duplicate")
    existing = twin.get_by_role("link", name="Zum vorhandenen Dokument")
    assert existing.get_attribute("href") == target
    existing.click()
    page.wait_for_url(re.compile(r"/dokumente/[0-9a-f-]+"))
    expect(page.get_by_test_id("passage-text")).to_contain_text("Messstellenbetreiber")


def test_an_empty_file_is_refused_before_it_is_sent(desk: Session) -> None:
    page = desk.goto("/dokumente")
    page.get_by_text(re.compile("MB je Datei")).wait_for()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/ingest/" in request.url else None)
    page.locator("input[type=file]").set_input_files([note("leer.md", "")])
    expect(page.get_by_test_id("upload").first).to_contain_text("Die Datei ist leer.")
    assert sent == []


def test_a_file_too_large_is_refused_before_it_is_sent(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the limit of a real server is too large to be exceeded in a hurry")
    page = desk.goto("/dokumente")
    page.get_by_text(re.compile("1 MB je Datei")).wait_for()
    page.locator("input[type=file]").set_input_files([note("riesig.md", "x" * 1_100_000)])
    expect(page.get_by_test_id("upload").first).to_contain_text("Die Grenze liegt bei 1 MB.")


def test_a_failed_document_says_why_and_can_be_tried_again(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the stand-in fails on demand")
    page = desk.goto("/dokumente")
    page.locator("input[type=file]").set_input_files([note("kaputt.md", f"kaputt {uuid4()}")])
    upload = page.get_by_test_id("upload").first
    expect(upload).to_have_attribute("data-state", "failed")
    expect(upload).to_contain_text("steht kein Text")
    upload.get_by_role("button", name="Erneut").click()
    expect(upload).to_have_attribute("data-state", "ready")


def test_what_the_bytes_themselves_are_to_blame_for_is_not_offered_again(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the stand-in fails on demand")
    page = desk.goto("/dokumente")
    page.locator("input[type=file]").set_input_files([note("geschützt.md", f"geschützt {uuid4()}")])
    upload = page.get_by_test_id("upload").first
    expect(upload).to_have_attribute("data-state", "failed")
    expect(upload.get_by_role("button", name="Erneut")).to_have_count(0)


def test_a_waiting_document_can_be_withdrawn(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("a real server may be faster than a finger")
    page = desk.goto("/dokumente")
    page.locator("input[type=file]").set_input_files([note("versehen.md", f"Versehen {uuid4()}")])
    upload = page.get_by_test_id("upload").first
    expect(upload).to_have_attribute("data-stage-now", "received")
    upload.get_by_role("button", name=re.compile("abbrechen")).click()
    expect(upload).to_have_attribute("data-state", "cancelled")


def test_files_can_be_dropped(desk: Session) -> None:
    page = desk.goto("/dokumente")
    page.get_by_text(re.compile("MB je Datei")).wait_for()
    transfer = page.evaluate_handle(
        "name => { const t = new DataTransfer(); t.items.add(new File([], name)); return t; }", "abgelegt.md"
    )
    page.get_by_test_id("dropzone").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_test_id("upload").first).to_contain_text("abgelegt.md")


# A dropped folder cannot be made in a page: what it hands over is played, an empty folder and one that has gone.
DROP_FOLDER = """(gone) => {
  const lost = new DOMException("A requested file could not be found", "NotFoundError");
  const read = (done, fail) => (gone ? fail(lost) : done([]));
  const folder = { name: "Akten", isFile: false, isDirectory: true, createReader: () => ({ readEntries: read }) };
  const item = { kind: "file", webkitGetAsEntry: () => folder, getAsFile: () => null };
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "dataTransfer", { value: { items: [item], types: ["Files"] } });
  document.querySelector("[data-testid=dropzone]").dispatchEvent(event);
}"""


def test_a_folder_with_nothing_to_read_is_told_of(desk: Session) -> None:
    page = desk.goto("/dokumente")
    page.get_by_test_id("dropzone").wait_for()
    messages = page.get_by_role("region", name="Meldungen")
    page.evaluate(DROP_FOLDER, False)
    expect(messages.get_by_text("Darin lag keine Datei")).to_be_visible()
    page.evaluate(DROP_FOLDER, True)
    expect(messages.get_by_text("ließ sich nicht ganz lesen")).to_be_visible()


def test_a_file_that_falls_beside_its_place_does_not_open_in_stead_of_the_page(desk: Session) -> None:
    page = desk.goto("/suche")
    page.get_by_label("Suchfrage").wait_for()
    taken = page.evaluate("""() => ["dragover", "drop"].map((name) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["x"], "brief.txt"));
      const event = new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transfer });
      return !document.body.dispatchEvent(event);
    })""")
    assert taken == [True, True]


def test_deleting_can_be_undone(desk: Session) -> None:
    page = desk.goto("/dokumente")
    text = f"# Wegwerfnotiz\n\nDer Lieferant kündigt zum Monatsende an. {uuid4()}\n"
    page.locator("input[type=file]").set_input_files([note("wegwerfnotiz.md", text)])
    upload = page.get_by_test_id("upload").first
    expect(upload).to_have_attribute("data-state", "ready", timeout=60_000)
    rows = page.get_by_test_id("item").filter(has_text=re.compile("wegwerfnotiz", re.IGNORECASE))
    rows.first.wait_for()
    count = rows.count()
    rows.first.get_by_role("button", name=re.compile("löschen")).click()
    expect(rows).to_have_count(count - 1)
    page.get_by_role("button", name="Rückgängig").click()
    expect(rows).to_have_count(count)


def test_search_and_filters_stand_in_the_address(desk: Session) -> None:
    page = desk.goto("/dokumente")
    page.get_by_label("Art", exact=True).first.select_option("regulation")
    page.wait_for_url(re.compile("art=regulation"))
    page.get_by_label("Dokumente durchsuchen").fill("zzzz-gibt-es-nicht")
    page.wait_for_url(re.compile("suche=zzzz"))
    expect(page.get_by_text("Nichts gefunden.")).to_be_visible()
    page.get_by_role("button", name="Filter zurücksetzen").click()
    expect(page.get_by_test_id("item").first).to_be_visible()
