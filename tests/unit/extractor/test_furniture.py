"""What repeats at the edges of a PDF's pages goes; rows of tables and sentences over two pages stay whole."""

from resources.extractor.furniture import seam, without_furniture

HEADER = "Nahwärme Beispielstadt eG, Satzung in der Fassung von 2031"


def page(number: int, *lines: str) -> str:
    return "\n".join((HEADER, *lines, f"- Seite {number} von 4 -"))


def test_header_stays_once_and_page_numbers_go() -> None:
    texts = ("Das Netz wird von der eG", "betrieben und", "erweitert, soweit", "die Mittel reichen.")
    pages = without_furniture([page(at + 1, text, f"Satz {text}", "Ende.") for at, text in enumerate(texts)])
    assert pages[0].startswith(HEADER)
    assert all(HEADER not in text for text in pages[1:])
    assert all("Seite" not in text for text in pages)
    assert [text in found for text, found in zip(texts, pages, strict=True)] == [True] * 4


def test_rows_that_differ_in_their_figures_are_no_furniture() -> None:
    pages = ["\n".join(f"{day:02}.0{month}.2031 {day * month},50 kWh" for day in range(1, 9)) for month in range(1, 6)]
    assert without_furniture(pages) == pages


def test_the_header_of_a_table_stays_with_its_rows() -> None:
    pages = [f"Monat Arbeit Preis\n0{month}/2031 {month * 7} 12,4\n1{month}/2031 3 9" for month in range(1, 6)]
    assert all(text.startswith("Monat Arbeit Preis") for text in without_furniture(pages))


def test_a_page_that_is_nothing_but_its_header_stays() -> None:
    assert without_furniture([HEADER, HEADER, HEADER]) == [HEADER, HEADER, HEADER]


def test_odd_and_even_pages_have_headers_of_their_own() -> None:
    def text(number: int) -> str:
        head = f"{number} Amtsblatt" if number % 2 else f"Amtsblatt {number}"
        return "\n".join((head, *(f"Satz {number} {line} steht hier." for line in "abcdefg")))

    pages = without_furniture([text(number) for number in range(200, 210)])
    assert sum("Amtsblatt" in found for found in pages) == 2


def test_a_sentence_goes_on_over_the_page() -> None:
    assert seam("Der Betreiber hat die Anlage", "unverzüglich zu melden.") == "\n"
    assert seam("Der Betreiber hat die Anlage zu melden.", "danach nichts") == "\n\n"
    assert seam("Der Betreiber hat", "a) zu melden") == "\n\n"
    assert seam("", "leer") == "\n\n"
