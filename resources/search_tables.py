"""Reads the word tables of the search from their folder. What they mean is in `luna_rules.search.tables`.

A table is one file (`synonyms.tsv`) or several (`synonyms_supply.tsv`), which are read as one.
"""

from __future__ import annotations

from pathlib import Path

from luna_rules.search.tables import SearchTables

_NAMES = (
    "synonyms",
    "english",
    "answer_types",
    "law_names",
    "energies",
    "sections",
    "cases",
    "words",
    "ignored",
    "english_ignored",
)
DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "data" / "search"


def load_search_tables(folder: Path = DEFAULT_FOLDER) -> SearchTables:
    """Loads `synonyms.tsv` and its neighbours. A missing table is an empty one.

    Raises `ValueError` naming table and line where one is malformed, `FileNotFoundError` where there is no folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder with word tables at {folder}")
    texts: dict[str, str] = {}
    for name in _NAMES:
        files = [folder / f"{name}.tsv", folder / f"{name}.txt", *sorted(folder.glob(f"{name}_*.tsv"))]
        for path in files:
            if path.is_file() and not (name == "english" and path.stem == "english_ignored"):
                text = path.read_text(encoding="utf-8")
                SearchTables.parse(**{name: text})  # so that the line of a fault is that of its file
                texts[name] = f"{texts[name]}\n{text}" if name in texts else text
    return SearchTables.parse(**texts)
