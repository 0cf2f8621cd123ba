"""The command's grammar: sentences and exit codes for wrong use, wrong settings and an absent Luna."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luna_cli.main import guarded
from tests.conftest import free_port

Luna = Callable[..., tuple[int, str, str]]
COMMANDS = ("dev", "down", "status", "doctor", "migrate", "seed", "ingest", "import", "user", "ask", "search")


@pytest.fixture
def luna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Luna:
    """Run the command in a home that does not exist yet."""
    monkeypatch.setenv("LUNA_HOME", str(tmp_path / "home"))
    for name in ("API_PORT", "DB_PORT", "DAGSTER_PORT", "CODE_SERVER_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    for name in ("DATABASE_URL", "ADMIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = guarded(list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_every_command_helps_in_german(luna: Luna) -> None:
    code, told, _ = luna("--help")
    assert code == 0
    for command in COMMANDS:
        assert command in told
        code, own, _ = luna(command, "--help")
        assert code == 0
        assert "Diese Hilfe zeigen" in own
        assert "Aufruf: luna" in own
        for english in ("Show this message", "Usage", "OPTIONS", "<bool>", "<str>", "[required]", "[default", "ARGS"):
            assert english not in own


def test_the_version_is_told(luna: Luna) -> None:
    code, told, _ = luna("--version")
    assert code == 0
    assert told.startswith("Luna 0.")


def test_an_unknown_command_is_wrong_use(luna: Luna) -> None:
    assert luna("dance")[0] == 2
    assert luna("ingest")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dance"], "Den Befehl „dance“ gibt es nicht."),
        (["--verbose"], "Die Option --verbose gibt es hier nicht. Gemeint ist vielleicht --version."),
        (["ingest"], "Es fehlt die Angabe PFAD."),
        (["ask"], "Es fehlt die Angabe FRAGE."),
        (["search"], "Es fehlt die Angabe SUCHE."),
        (["ask", "Was", "gilt"], "Zu viel ist: gilt. Braucht es Anführungszeichen?"),
        (["ask", "--jsn", "Was gilt?"], "Die Option --jsn gibt es hier nicht. Gemeint ist vielleicht --json."),
        (["dev", "-x"], "Die Option -x gibt es hier nicht."),
        (["dev", "--detach=ja"], "--detach nimmt keinen Wert."),
        (["ingest", "--kind"], "Nach --kind fehlt ein Wert."),
    ],
)
def test_wrong_use_is_told_in_german(luna: Luna, arguments: list[str], sentence: str) -> None:
    code, out, told = luna(*arguments)
    assert code == 2
    assert out == ""
    assert told.splitlines()[0] == sentence
    for english in ("Usage", "No such", "Missing", "unexpected", "requires", "Try "):
        assert english not in told


def test_an_address_that_is_not_this_machine_is_named(luna: Luna, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIND_ADDRESS", "192.0.2.1")
    code, told, _ = luna("doctor", "--json")
    assert code == 1
    faults = [finding for finding in json.loads(told) if finding["verdict"] == "fault"]
    assert [finding["subject"] for finding in faults] == ["BIND_ADDRESS"]


@pytest.mark.parametrize(("name", "value"), [("API_PORT", "70000"), ("MAX_UPLOAD_MB", "viel"), ("LUNA_ENV", "test")])
@pytest.mark.parametrize("command", [("dev",), ("status",), ("ask", "Warum?"), ("doctor",)])
def test_a_wrong_setting_is_a_sentence_with_the_variable(
    luna: Luna, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv(name, value)
    code, _, told = luna(*command)
    assert code == 2
    assert name in told
    assert f"{name}=" in told
    assert "Traceback" not in told


def test_nothing_runs_and_nothing_is_made_by_looking(luna: Luna, tmp_path: Path) -> None:
    assert luna("status")[0] == 3
    code, told, _ = luna("status", "--json")
    assert (code, json.loads(told)["overall"]) == (3, "stopped")
    code, _, told = luna("down")
    assert code == 0
    assert "lief nichts" in told
    assert luna("doctor", "--json")[0] in {0, 1}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", [("ask", "Warum?"), ("search", "Wallbox"), ("ingest", __file__)])
def test_without_a_home_or_an_api_the_way_to_start_is_told(
    luna: Luna, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, _, told = luna(*command)
    assert code == 2
    assert "luna dev" in told
    assert not (tmp_path / "home").exists()
    monkeypatch.setenv("ADMIN_API_KEY", "a-key-of-sixteen-or-more")
    code, _, told = luna(*command)
    assert code == 2
    assert "antwortet niemand" in told
    assert "API_PORT" in told


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--kind", "poem"], "poem"),
        (["--valid-from", "31.01.2025"], "--valid-from"),
        (["--valid-from", "2025-02-01", "--valid-to", "2025-01-01"], "vor"),
    ],
)
def test_wrong_options_of_ingest_are_told(luna: Luna, options: list[str], fault: str) -> None:
    code, _, told = luna("ingest", __file__, *options)
    assert code == 2
    assert fault in told


def test_a_title_for_many_files_and_paths_that_are_not_there_are_told(luna: Luna, tmp_path: Path) -> None:
    assert luna("ingest", str(tmp_path), "--title", "Alles")[0] == 2
    code, _, told = luna("ingest", str(tmp_path / "nowhere"))
    assert code == 2
    assert "nowhere" in told
    (tmp_path / "empty").mkdir()
    code, _, told = luna("ingest", str(tmp_path / "empty"))
    assert code == 2
    assert "nichts aufzunehmen" in told


def test_doctor_names_a_loose_and_broken_secret_and_an_old_database(luna: Luna, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "postgres" / "data").mkdir(parents=True)
    (home / "postgres" / "data" / "PG_VERSION").write_text("14\n", "ascii")
    (home / "secrets.json").write_text("{}", "utf-8")
    (home / "secrets.json").chmod(0o644)
    code, told, _ = luna("doctor", "--json")
    assert code == 1
    faults = {finding["subject"]: finding for finding in json.loads(told) if finding["verdict"] == "fault"}
    assert "PostgreSQL 14" in faults["Datenordner"]["text"]
    remedies = [f["remedy"] for f in json.loads(told) if (f["subject"], f["verdict"]) == ("Geheimnisse", "fault")]
    assert any("chmod 600" in remedy for remedy in remedies)
    assert any("löschen" in remedy for remedy in remedies)
    (home / "luna.json").write_text('{"layout": 99, "release": "9.9", "created_at": "2030-01-01"}', "utf-8")
    code, told, _ = luna("doctor")
    assert code == 1
    assert "9.9" in told
