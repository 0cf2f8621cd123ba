"""`sql/README.md` is the dictionary of tables: it names every table and column of the database, and no other."""

from __future__ import annotations

import re

from tests.conftest import ROOT, Database


def test_the_dictionary_agrees_with_the_database(database: Database) -> None:
    described: dict[str, set[str]] = {}
    table = ""
    for line in (ROOT / "sql" / "README.md").read_text("utf-8").splitlines():
        if heading := re.match(r"### `(\w+)`", line):
            table = heading[1]
            described[table] = set()
        elif table and (row := re.match(r"\| `(\w+)` \|", line)):
            described[table].add(row[1])
    with database.owner() as owner:
        rows = owner.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name NOT LIKE '%%yoyo%%'"
        ).fetchall()
    actual: dict[str, set[str]] = {}
    for name, column in rows:
        actual.setdefault(str(name), set()).add(str(column))
    assert described == actual
