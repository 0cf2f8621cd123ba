"""Settings: a wrong variable stops the start with its name, the fault and a right example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resources.embedded.parts import child_environment
from resources.secrets import database_urls, load_secrets
from resources.settings import PARTS_NOT_YET_SERVED, SettingsError, load_settings


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("API_PORT", "achttausend", "API_PORT"),
        ("API_PORT", "70000", "API_PORT"),
        ("LUNA_ENV", "staging", "LUNA_ENV"),
        ("MAX_UPLOAD_MB", "0", "MAX_UPLOAD_MB"),
        ("ADMIN_API_KEY", "geheim", "ADMIN_API_KEY"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/luna", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://127.0.0.1", "DATABASE_URL"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL"),
        ("S3_BUCKET", "Luna Bucket", "S3_BUCKET"),
    ],
)
def test_a_wrong_value_is_named_with_an_example(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, fault: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(fault)
    assert f"zum Beispiel {variable}=" in str(caught.value)
    assert value not in str(caught.value) or variable != "ADMIN_API_KEY"


def test_the_allowed_values_are_told_in_german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUNA_ENV", "staging")
    with pytest.raises(SettingsError, match="'dev' oder 'prod'"):
        load_settings()


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104
        ("::", "127.0.0.1"),
        ("192.0.2.7", "192.0.2.7"),
        ("fd00::7", "[fd00::7]"),
    ],
)
def test_the_api_is_asked_where_it_listens(address: str, host: str) -> None:
    settings = load_settings({"bind_address": address, "api_port": 8123})
    assert settings.api_url == f"http://{host}:8123"


def test_every_fault_gets_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "x")
    monkeypatch.setenv("DB_PORT", "y")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("name", PARTS_NOT_YET_SERVED)
def test_a_part_without_a_client_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name.upper(), "http://127.0.0.1:1234")
    with pytest.raises(SettingsError, match=name.upper()):
        load_settings()


def test_an_object_store_needs_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://127.0.0.1:9000")
    monkeypatch.setenv("S3_ACCESS_KEY_ID", "luna")
    with pytest.raises(SettingsError, match=r"S3_SECRET_ACCESS_KEY fehlt.*S3_SECRET_ACCESS_KEY="):
        load_settings()
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "geheimgeheim")
    assert load_settings().s3_bucket == "luna"


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    settings = load_settings({"luna_home": tmp_path / "Zuhause mit Ä", "database_url": None})
    first, second = load_secrets(settings), load_secrets(settings)
    assert first == second
    assert len(first.admin_api_key) >= 24
    path = settings.home / "secrets.json"
    assert path.stat().st_mode & 0o077 == 0
    assert first.admin_api_key not in repr(first)


def test_missing_secrets_are_made_and_the_others_kept(tmp_path: Path) -> None:
    settings = load_settings({"luna_home": tmp_path})
    path = tmp_path / "secrets.json"
    path.write_text("{}")
    first = load_secrets(settings)
    values = json.loads(path.read_text())
    del values["db_app_password"]
    path.write_text(json.dumps(values))
    second = load_secrets(settings)
    assert second.db_app_password != first.db_app_password
    assert second.admin_api_key == first.admin_api_key


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_damaged_secrets_are_said_to_be(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(SettingsError, match=r"secrets\.json ist beschädigt"):
        load_secrets(load_settings({"luna_home": tmp_path}))


def test_the_variable_wins_over_the_kept_key(tmp_path: Path) -> None:
    kept = load_secrets(load_settings({"luna_home": tmp_path}))
    given = load_secrets(load_settings({"luna_home": tmp_path, "admin_api_key": "a-key-of-my-own-choice"}))
    assert given.admin_api_key == "a-key-of-my-own-choice"
    assert given.db_app_password == kept.db_app_password


def test_each_role_has_an_address_of_its_own(tmp_path: Path) -> None:
    settings = load_settings({"luna_home": tmp_path, "database_url": "postgresql://boss:pw@127.0.0.1:7777/energy"})
    urls = database_urls(settings, load_secrets(settings))
    assert urls.owner == "postgresql://boss:pw@127.0.0.1:7777/energy"
    assert urls.app.startswith("postgresql://luna_app:")
    assert urls.app.endswith("@127.0.0.1:7777/energy")
    assert urls.dagster.endswith("/energy_dagster")
    assert "pw" not in repr(urls)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_QUERY_SEC", "0"),
        ("OLLAMA_HOST", "localhost:11434"),
        ("TIKA_ENDPOINT", "tika:9998"),
        ("S3_ENDPOINT_URL", "speicher"),
        ("GENERATE_MODEL", "zwei Wörter"),
        ("FALLBACK_MODEL", "../modell"),
        ("EMBED_MODEL", ""),
        ("GENERATE_FIRST_TOKEN_SEC", "bald"),
        ("GENERATE_NEXT_TOKEN_SEC", "0"),
        ("GENERATE_WHOLE_SEC", "99999"),
    ],
)
def test_settings_of_models_and_limits_are_checked_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name} .*; richtig wäre zum Beispiel {name}="):
        load_settings()


@pytest.mark.parametrize(("model", "expected"), [(None, "local"), ("bge-m3", "bge-m3")])
def test_the_parts_of_the_stack_know_whether_an_embedding_model_was_set(
    monkeypatch: pytest.MonkeyPatch, model: str | None, expected: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:11434")
    monkeypatch.delenv("EMBED_MODEL", raising=False)
    if model is not None:
        monkeypatch.setenv("EMBED_MODEL", model)
    for name, value in child_environment(load_settings()).items():
        monkeypatch.setenv(name, value)
    assert load_settings().index_model == expected
