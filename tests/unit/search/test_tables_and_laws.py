"""The tables that come with the project, and search over real laws."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from luna_rules.search import laws
from luna_rules.search.lookups import LookupParser
from resources.search_tables import load_search_tables

ROOT = Path(__file__).resolve().parents[3]
LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
DEV = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"


def test_the_projects_tables_load() -> None:
    tables = load_search_tables()
    assert len(tables.synonyms) > 200
    assert len(tables.english) > 150
    assert {"GEG"} <= {name for former, _ in tables.law_names for name in former}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_search_tables(tmp_path / "nowhere")
    assert load_search_tables(tmp_path).synonyms == ()


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("§ 41a", "41a"),
        ("§ 41 a", "41a"),
        ("§ 007", "7"),
        ("Art. 3", "art3"),
        ("Anlage 2", "anlage2"),
        ("Anhang", "anhang"),
        ("Einleitung", None),
    ],
)
def test_section_keys(written: str, key: str | None) -> None:
    assert laws.section_key(written) == key


def test_law_keys_fold_years_and_genitives() -> None:
    assert laws.law_keys("EEG 2023") == ("eeg2023", "eeg")
    assert laws.law_keys("Energiewirtschaftsgesetzes") == laws.law_keys("Energiewirtschaftsgesetz")


@pytest.mark.skipif(
    not (LAWS.is_dir() and DEV.is_file()), reason="the laws and questions of the shared data are not here"
)
def test_quality_on_real_laws() -> None:
    sys.path.insert(0, str(ROOT / "tests" / "bench"))
    import retrieval_quality as bench

    places, chunks = bench.read_laws(LAWS)
    engine = bench.build(places, chunks)
    cases = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]
    table = bench.evaluate(engine, places, cases)
    assert table["all"]["hit@5"] >= 0.93
    assert table["all"]["MRR@10"] >= 0.80
    assert table["section_lookup"]["MRR@10"] == 1.0


def test_federal_laws_are_known_by_what_people_call_them() -> None:
    lexicon = {"a": "BImSchV 26", "b": "26. BImSchV", "c": "IfSG", "d": "SGB 5", "e": "WoEigG"}
    parser = LookupParser(lexicon, load_search_tables().law_names)

    def asked(text: str) -> tuple[tuple[str, ...], str | None]:
        lookups, _ = parser.parse(text)
        return (lookups[0].laws, lookups[0].section) if lookups else ((), None)

    assert "@law/ifsg" in asked("Infektionsschutzgesetz § 6")[0]
    assert asked("§ 2 der 26. BImSchV") == (("@law/26bimschv",), "@sec/2")
    assert asked("26. BImSchV § 4") == (("@law/26bimschv",), "@sec/4")
    assert "@law/sgb5" in asked("§ 5 SGB V")[0]
    assert laws.law_term(laws.key("WoEigG")) in asked("§ 20 WEG")[0]
    # What is an abbreviation only in capitals.
    assert asked("Der kürzeste Weg 20 Meter weiter") == ((), None)
