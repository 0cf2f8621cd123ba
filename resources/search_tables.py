"""Reads the word tables of the search from their folder. What they mean is in `luna_rules.search.tables`."""

from __future__ import annotations

from pathlib import Path

from luna_rules.search.tables import SearchTables

_NAMES = ("synonyms", "english", "answer_types", "law_names", "ignored", "english_ignored")
DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "data" / "search"


def load_search_tables(folder: Path = DEFAULT_FOLDER) -> SearchTables:
    """Loads `synonyms.tsv` and its neighbours. A missing table is an empty one.

    Raises `ValueError` naming table and line where one is malformed, `FileNotFoundError` where there is no folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder with word tables at {folder}")
    texts: dict[str, str] = {}
    for name in _NAMES:
        for suffix in ("tsv", "txt"):
            path = folder / f"{name}.{suffix}"
            if path.is_file():
                texts[name] = path.read_text(encoding="utf-8")
    return SearchTables.parse(**texts)
