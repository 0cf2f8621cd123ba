"""What `luna doctor` says of outside servers: well, away, silent, something else altogether, or not letting us in."""

from __future__ import annotations

import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from luna_cli import doctor_servers
from luna_cli.doctor import examine
from luna_cli.doctor_servers import examine_servers
from luna_cli.finding import Finding
from resources.settings import Settings, load_settings
from tests.fake_ollama import Script, fake_ollama
from tests.local_server import serving
from tests.places import free_port

Pages = Mapping[str, tuple[int, str]]
KEYS: dict[str, object] = {"s3_access_key_id": "luna", "s3_secret_access_key": "geheimes-wort"}
SERVERS = {
    "Qdrant": ("qdrant_url", "QDRANT_URL="),
    "Dateispeicher (S3)": ("s3_endpoint_url", "S3_ENDPOINT_URL="),
    "Tika": ("tika_endpoint", "TIKA_ENDPOINT="),
    "Ollama": ("ollama_host", "OLLAMA_HOST="),
}
QDRANT = '{"title": "qdrant - vector search engine", "version": "1.18.2"}'
MODELS = {"llama3.1:8b-instruct-q4_K_M": 4096, "phi3:mini": 4096}
NO_BUCKET = "<Error><Code>NoSuchBucket</Code></Error>"
BAD_KEY = "<Error><Code>SignatureDoesNotMatch</Code></Error>"
LISTED = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>luna</Name></ListBucketResult>'


@contextmanager
def server(pages: Pages) -> Generator[str]:
    """A server that has these pages by path; every other is 404, and nothing can be written."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = pages.get(self.path.partition("?")[0], (404, "nichts"))
            body = text.encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as listening:
        yield f"http://127.0.0.1:{listening.server_port}"


def settings(**values: object) -> Settings:
    """Settings with these servers and no others."""
    none = dict.fromkeys(variable for variable, _ in SERVERS.values())
    return load_settings({**none, **KEYS, **values})


def found(**values: object) -> list[Finding]:
    return list(examine_servers(settings(**values)))


def only(**values: object) -> Finding:
    findings = found(**values)
    assert len(findings) == 1, findings
    return findings[0]


def test_what_is_not_configured_is_not_mentioned() -> None:
    assert found() == []


def test_servers_that_are_well() -> None:
    with (
        server({"/": (200, QDRANT), "/collections": (200, "{}")}) as qdrant,
        server({"/luna": (200, LISTED)}) as objects,
        server({"/version": (200, "Apache Tika 3.2.2\n")}) as tika,
        fake_ollama(Script(models=MODELS)) as ollama,
    ):
        findings = found(qdrant_url=qdrant, s3_endpoint_url=objects, tika_endpoint=tika, ollama_host=ollama)
    assert [(finding.subject, finding.verdict) for finding in findings] == [(subject, "ok") for subject in SERVERS]
    for finding, said in zip(findings, ("1.18.2", "Eimer „luna“ ist da", "Apache Tika 3.2.2", "0.17.4"), strict=True):
        assert said in finding.text


@pytest.mark.parametrize("subject", SERVERS)
def test_a_server_that_is_away_is_named_with_what_to_do(subject: str) -> None:
    variable, example = SERVERS[subject]
    port = free_port()
    finding = only(**{variable: f"http://someone:secret@127.0.0.1:{port}"})
    assert (finding.subject, finding.verdict) == (subject, "fault")
    assert f"127.0.0.1:{port} antwortet nicht" in finding.text
    assert "secret" not in finding.text
    assert example in finding.remedy


@pytest.mark.parametrize("subject", SERVERS)
def test_a_server_that_hangs_is_given_up(subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing; without a limit this test would not end."""
    monkeypatch.setattr(doctor_servers, "PATIENCE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = only(**{SERVERS[subject][0]: f"http://127.0.0.1:{silent.getsockname()[1]}"})
    assert (finding.subject, finding.verdict) == (subject, "fault")
    assert "antwortet nicht" in finding.text


@pytest.mark.parametrize("subject", SERVERS)
@pytest.mark.parametrize(
    "page", [(200, "<html>Guten Tag</html>"), (200, '{"title": "Wiki", "version": "1"}'), (500, "")]
)
def test_another_server_is_not_taken_for_it(subject: str, page: tuple[int, str]) -> None:
    paths = ("/", "/collections", "/luna", "/version", "/api/version", "/api/tags")
    with server(dict.fromkeys(paths, page)) as other:
        finding = only(**{SERVERS[subject][0]: other})
    assert (finding.subject, finding.verdict) == (subject, "fault")
    assert finding.remedy


@pytest.mark.parametrize(("key", "said"), [("falsch", "nimmt den Schlüssel nicht an"), (None, "verlangt einen Schl")])
@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_qdrant_does_not_take(key: str | None, said: str, status: int) -> None:
    with server({"/": (200, QDRANT), "/collections": (status, "")}) as url:
        finding = only(qdrant_url=url, qdrant_api_key=key)
    assert finding.verdict == "fault"
    assert said in finding.text
    assert "QDRANT_API_KEY" in finding.remedy


def test_keys_that_the_store_does_not_take_and_a_bucket_to_come() -> None:
    with server({"/luna": (403, BAD_KEY)}) as url:
        refused = only(s3_endpoint_url=url)
    assert refused.verdict == "fault"
    assert "SignatureDoesNotMatch" in refused.text
    assert "S3_SECRET_ACCESS_KEY" in refused.remedy
    with server({"/luna": (404, NO_BUCKET)}) as url:
        empty = only(s3_endpoint_url=url)
    assert empty.verdict == "ok"
    assert "entsteht beim ersten Schreiben" in empty.text


def test_models_that_the_server_lacks_are_named() -> None:
    with fake_ollama(Script(models={"phi3:mini": 4096})) as url:
        well, lacking = found(ollama_host=url, embed_model="bge-m3")
    assert well.verdict == "ok"
    assert lacking.verdict == "warn"
    for model in ("llama3.1:8b-instruct-q4_K_M", "bge-m3"):
        assert model in lacking.text
        assert f"ollama pull {model}" in lacking.remedy
    assert "phi3" not in lacking.text


def test_an_address_that_is_none_is_no_end_of_the_examination(tmp_path: Path) -> None:
    findings = list(
        examine(
            settings(tika_endpoint="http://tika:99999", s3_endpoint_url="http://speicher:99999", luna_home=tmp_path)
        )
    )
    faults = {finding.subject for finding in findings if finding.verdict == "fault"}
    assert {"Tika", "Dateispeicher (S3)"} <= faults
    assert findings[-1].subject == "Seite"
