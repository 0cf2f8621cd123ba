"""Fetching over TLS: a page is believed by its certificate, checked against its name although an address is dialled."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from luna_api.errors import ApiError
from luna_api.ingest.fetch import Fetcher
from tests.conftest import free_port

LOCAL = (ipaddress.ip_network("127.0.0.1/32"),)
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nConnection: close\r\n\r\nGuten Tag"


def openssl(*arguments: str, at: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=at, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up authority and a certificate of it for seite.example."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: nothing here can make a certificate")
    folder = tmp_path_factory.mktemp("authority")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Haus-CA", at=folder
    )
    openssl("req", *key, "-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=seite.example", at=folder)
    (folder / "names").write_text("subjectAltName=DNS:seite.example\n", "utf-8")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "site.csr", "-out", "site.pem", *signing, at=folder)
    return folder


@asynccontextmanager
async def site(authority: Path) -> AsyncGenerator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PAGE)
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem", authority / "site.key")
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def fetcher(port: int, trusted: Path | None = None) -> Fetcher:
    async def resolver(host: str, _: int) -> list[str]:
        return ["127.0.0.1"]

    tls = ssl.create_default_context(cafile=trusted) if trusted else None
    return Fetcher(max_bytes=1_000, resolver=resolver, allowed_networks=LOCAL, allowed_ports=frozenset({port}), tls=tls)


async def told(fetching: Fetcher, url: str) -> str:
    with pytest.raises(ApiError) as caught:
        await fetching.fetch(url)
    assert caught.value.status_code == 422
    return caught.value.message


async def test_an_unknown_authority_is_refused(authority: Path) -> None:
    async with site(authority) as port:
        message = await told(fetcher(port), f"https://seite.example:{port}/")
    assert message == (
        "Die Seite ist nicht sicher zu erreichen: Ihr Zertifikat stammt von einem Aussteller, dem ich nicht vertraue. "
        "Ich rufe sie nicht ab."
    )


async def test_a_known_authority_is_believed_for_its_name_only(authority: Path) -> None:
    async with site(authority) as port:
        trusting = fetcher(port, authority / "ca.pem")
        assert (await trusting.fetch(f"https://seite.example:{port}/")).data == b"Guten Tag"
        assert "anderen Namen" in await told(trusting, f"https://andere.example:{port}/")
        assert "andere Adresse" in await told(trusting, f"https://127.0.0.1:{port}/")


async def test_the_environment_cannot_make_an_authority_known(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    async with site(authority) as port:
        assert "Aussteller" in await told(fetcher(port), f"https://seite.example:{port}/")


async def test_other_ways_of_not_being_there_are_told_apart(authority: Path) -> None:
    async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert "abgebrochen" in await told(fetcher(port), f"http://seite.example:{port}/")
        assert "nicht" in await told(fetcher(port), f"https://seite.example:{port}/")
    closed = free_port()
    assert "nimmt keine Verbindung an" in await told(fetcher(closed), f"http://seite.example:{closed}/")
    gone = Fetcher(max_bytes=1_000)
    assert "Den Rechner dieser Adresse gibt es nicht" in await told(gone, "https://gibt-es-nicht.invalid/")
