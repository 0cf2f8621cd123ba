"""The only reader of the environment.

`load_settings` validates every variable once; a wrong one raises `SettingsError`, whose text names the variable, the
value's fault and a valid example. Secrets that Luna makes herself are kept in `resources.secrets`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]

EXAMPLES: dict[str, str] = {
    "luna_home": "LUNA_HOME=.luna",
    "luna_env": "LUNA_ENV=dev",
    "bind_address": "BIND_ADDRESS=127.0.0.1",
    "database_url": "DATABASE_URL=postgresql://luna_owner:secret@127.0.0.1:5432/luna",
    "db_query_sec": "DB_QUERY_SEC=10 (erlaubt sind 1 bis 600)",
    "qdrant_url": "QDRANT_URL=http://127.0.0.1:6333",
    "qdrant_api_key": "QDRANT_API_KEY=$(openssl rand -hex 24)",
    "qdrant_alias": "QDRANT_ALIAS=luna_knowledge",
    "s3_endpoint_url": "S3_ENDPOINT_URL=http://127.0.0.1:9000",
    "s3_bucket": "S3_BUCKET=luna",
    "s3_access_key_id": "S3_ACCESS_KEY_ID=luna",
    "s3_secret_access_key": "S3_SECRET_ACCESS_KEY=$(openssl rand -hex 24)",
    "s3_region": "S3_REGION=us-east-1",
    "tika_endpoint": "TIKA_ENDPOINT=http://127.0.0.1:9998",
    "ollama_host": "OLLAMA_HOST=http://127.0.0.1:11434",
    "embed_model": "EMBED_MODEL=nomic-embed-text",
    "generate_model": "GENERATE_MODEL=llama3.1:8b-instruct-q4_K_M",
    "fallback_model": "FALLBACK_MODEL=phi3:mini",
    "generate_first_token_sec": "GENERATE_FIRST_TOKEN_SEC=120 (erlaubt sind 1 bis 1800)",
    "generate_next_token_sec": "GENERATE_NEXT_TOKEN_SEC=30 (erlaubt sind 1 bis 600)",
    "generate_whole_sec": "GENERATE_WHOLE_SEC=300 (erlaubt sind 1 bis 3600)",
    "redis_url": "REDIS_URL=redis://127.0.0.1:6379/0",
    "api_port": "API_PORT=8000",
    "db_port": "DB_PORT=5432",
    "dagster_port": "DAGSTER_PORT=3000",
    "code_server_port": "CODE_SERVER_PORT=4266",
    "dagster_host": "DAGSTER_HOST=127.0.0.1",
    "code_server_host": "CODE_SERVER_HOST=127.0.0.1",
    "admin_api_key": "ADMIN_API_KEY=$(openssl rand -hex 24)",
    "max_upload_mb": "MAX_UPLOAD_MB=50",
    "max_import_mb": "MAX_IMPORT_MB=2000",
    "rate_limit_ask_per_minute": "RATE_LIMIT_ASK_PER_MINUTE=10",
    "log_level": "LOG_LEVEL=INFO",
    "allowed_hosts": "ALLOWED_HOSTS=luna.example.org",
    "sim_smartmeter_interval_sec": "SIM_SMARTMETER_INTERVAL_SEC=60 (erlaubt sind 1 bis 3600)",
    "sim_market_interval_sec": "SIM_MARKET_INTERVAL_SEC=300 (erlaubt sind 1 bis 3600)",
    "sim_markets": "SIM_MARKETS=EEX,APX",
    "sim_products": "SIM_PRODUCTS=BASE,PEAK",
    "sim_seed": "SIM_SEED=2025",
}


LOCAL = "local"
"""In the place of a model's name: the index makes its vectors itself."""
_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,80}(?:/[\w.-]{1,80}){0,3}(?::[\w.-]{1,80})?", re.ASCII)


def is_model_name(text: str) -> bool:
    """Whether a text can be the name of a model: `llama3.1:8b`, `library/phi3:mini`."""
    return _MODEL_NAME.fullmatch(text) is not None and ".." not in text


class SettingsError(ValueError):
    """One or more variables cannot be used; the text has a line for each."""


class Settings(BaseSettings):
    """All settings of the platform; field names are the variables' names in lower case."""

    model_config = SettingsConfigDict(env_prefix="", extra="ignore", frozen=True, case_sensitive=False)

    luna_home: Path = Path(".luna")
    luna_env: Literal["dev", "prod"] = "dev"
    bind_address: str = "127.0.0.1"
    allowed_hosts: str = ""
    """Comma-separated host names under which the API may be addressed, beside the loopback names."""

    database_url: SecretStr | None = None
    db_query_sec: Annotated[float, Field(ge=1, le=600)] = 10
    """How long one statement of the API may take, in seconds; runs in Dagster have limits of their own."""
    qdrant_url: str | None = None
    qdrant_api_key: SecretStr | None = None
    qdrant_alias: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")] = "luna_knowledge"
    """Begins the names of this installation's collections; two installations on one Qdrant need two names."""
    s3_endpoint_url: str | None = None
    s3_bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = "luna"
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_region: str = "us-east-1"
    tika_endpoint: str | None = None
    ollama_host: str | None = None
    redis_url: SecretStr | None = None

    embed_model: str = "nomic-embed-text"
    generate_model: str = "llama3.1:8b-instruct-q4_K_M"
    fallback_model: str = "phi3:mini"
    generate_first_token_sec: Annotated[float, Field(ge=1, le=1800)] = 120
    """How long a model may take to begin (loading it counts), to go on, and for the whole answer."""
    generate_next_token_sec: Annotated[float, Field(ge=1, le=600)] = 30
    generate_whole_sec: Annotated[float, Field(ge=1, le=3600)] = 300

    api_port: Port = 8000
    db_port: Port = 5432
    qdrant_http: Port = 6333
    qdrant_grpc: Port = 6334
    ollama_port: Port = 11434
    minio_api: Port = 9000
    minio_console: Port = 9001
    tika_port: Port = 9998
    redis_port: Port = 6379
    dagster_port: Port = 3000
    code_server_port: Port = 4266
    dagster_host: Host = "127.0.0.1"
    """Where the Dagster webserver is reached: another name only where each part has a container of its own."""
    code_server_host: Host = "127.0.0.1"

    admin_api_key: SecretStr | None = None
    max_upload_mb: Annotated[int, Field(ge=1, le=2000)] = 50
    max_import_mb: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """Files of readings and prices are streamed and may be larger than documents."""
    rate_limit_ask_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 10
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    git_sha: str = ""

    sim_smartmeter_interval_sec: Annotated[int, Field(ge=1, le=3600)] = 60
    sim_market_interval_sec: Annotated[int, Field(ge=1, le=3600)] = 300
    sim_markets: str = "EEX,APX"
    """Comma-separated names of the simulated markets."""
    sim_products: str = "BASE,PEAK"
    """Comma-separated day products that are formed beside the quarter-hours."""
    sim_seed: Annotated[int, Field(ge=0, le=2**31)] = 2025

    @field_validator("embed_model", "generate_model", "fallback_model")
    @classmethod
    def _model_name(cls, value: str) -> str:
        if not is_model_name(value):
            raise ValueError("ist kein Name eines Modells")
        return value

    @field_validator("admin_api_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("ist kürzer als 16 Zeichen")
        return value

    @field_validator("sim_markets")
    @classmethod
    def _market_names(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",")]
        if not all(re.fullmatch(r"[A-Z][A-Z0-9-]{1,19}", name) for name in names) or "EPEX" in names:
            raise ValueError("enthält einen Namen, den kein simulierter Markt haben kann")
        return value

    @field_validator("sim_products")
    @classmethod
    def _product_names(cls, value: str) -> str:
        if not {name.strip() for name in value.split(",") if name.strip()} <= {"BASE", "PEAK"}:
            raise ValueError("enthält etwas anderes als BASE und PEAK")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname or len(parts.path) < 2:
                raise ValueError("ist keine Adresse einer PostgreSQL-Datenbank mit Rechner und Datenbankname")
        return value

    @field_validator("qdrant_url", "ollama_host", "s3_endpoint_url", "tika_endpoint")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("ist keine http(s)-Adresse")
        return value

    @property
    def index_model(self) -> str:
        """What makes the vectors of a rebuilt index unless someone chose otherwise: `EMBED_MODEL` where both it and
        `OLLAMA_HOST` are set, else `local`."""
        return self.embed_model if self.ollama_host and "embed_model" in self.model_fields_set else LOCAL

    @property
    def home(self) -> Path:
        """`LUNA_HOME` as an absolute path."""
        return self.luna_home.expanduser().resolve()

    @property
    def max_upload_bytes(self) -> int:
        """`MAX_UPLOAD_MB` in bytes (1 MB = 1,048,576 bytes)."""
        return self.max_upload_mb * 1024 * 1024

    @property
    def max_import_bytes(self) -> int:
        """`MAX_IMPORT_MB` in bytes."""
        return self.max_import_mb * 1024 * 1024

    @property
    def api_url(self) -> str:
        """Base address of the API as reached from this machine: the loopback, unless it listens elsewhere only."""
        elsewhere = self.bind_address not in {"", "0.0.0.0", "::", "localhost"}  # noqa: S104  compared, not bound
        host = self.bind_address if elsewhere else "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self.api_port}"

    @property
    def dagster_url(self) -> str:
        """Base address of the Dagster webserver as reached from this machine."""
        return f"http://{self.dagster_host}:{self.dagster_port}"


_FAULTS = {
    "int_parsing": "ist keine ganze Zahl",
    "int_from_float": "ist keine ganze Zahl",
    "float_parsing": "ist keine Zahl",
    "greater_than_equal": "ist zu klein (mindestens {ge})",
    "less_than_equal": "ist zu groß (höchstens {le})",
    "string_pattern_mismatch": "hat nicht die Form, die dort verlangt ist",
    "literal_error": "hat keinen der erlaubten Werte {expected}",
}

PARTS_NOT_YET_SERVED = ("redis_url",)
"""Outside parts whose client is not part of this release: a set variable stops the start instead of being ignored."""


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read and validate the environment; `overrides` (field names) win over it.

    Raises `SettingsError` naming each variable at fault.
    """
    try:
        settings = Settings(**dict(overrides or {}))  # type: ignore[arg-type]
    except ValidationError as fault:
        lines: list[str] = []
        for error in fault.errors():
            name = str(error["loc"][0]) if error["loc"] else "?"
            example = EXAMPLES.get(name.lower(), f"{name.upper()}=…")
            lines.append(f"{name.upper()} {_fault(error)}; richtig wäre zum Beispiel {example}")
        raise SettingsError("\n".join(lines)) from None
    for name in PARTS_NOT_YET_SERVED:
        if getattr(settings, name) is not None:
            raise SettingsError(
                f"{name.upper()} ist gesetzt, aber diese Ausgabe spricht mit diesem Dienst noch nicht; "
                f"ohne {name.upper()} wird der eingebaute verwendet"
            )
    if settings.s3_endpoint_url is not None:
        for name in ("s3_access_key_id", "s3_secret_access_key"):
            if getattr(settings, name) is None:
                raise SettingsError(
                    f"{name.upper()} fehlt, obwohl S3_ENDPOINT_URL gesetzt ist; "
                    f"richtig wäre zum Beispiel {EXAMPLES[name]}"
                )
    return settings


def _fault(error: ErrorDetails) -> str:
    """What is wrong with a value, in German; the value itself is left out, because it may be a secret."""
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    template = _FAULTS.get(error["type"], "hat einen unbrauchbaren Wert")
    return template.format(**{**error.get("ctx", {}), "expected": _alternatives(error)})


def _alternatives(error: ErrorDetails) -> str:
    """The allowed values; the library joins the last two in English."""
    return str(error.get("ctx", {}).get("expected", "")).replace("' or '", "' oder '")
