"""Fetching from the internet never becomes a way into this network."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from luna_api.errors import ApiError
from luna_api.ingest.fetch import MAX_REDIRECTS, Fetcher, is_public, parse_target

LOCAL = (ipaddress.ip_network("127.0.0.1/32"),)
MAX_BYTES = 10_000

Reply = Callable[[str], bytes | Awaitable[bytes]]


def response(status: str = "200 OK", body: bytes = b"Guten Tag", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Site:
    """A real server on this machine that answers as the test wants and keeps what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[str] = []
        self.reply: Reply = lambda _: response()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        answer = self.reply(head)
        writer.write(answer if isinstance(answer, bytes) else await answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    @property
    def url(self) -> str:
        return f"http://seite.example:{self.port}/"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    found = Site()
    server = await asyncio.start_server(found.handle, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


def fetcher(site: Site, **names: list[str]) -> Fetcher:
    """May reach 127.0.0.1 and nothing else that is private; names resolve as given, others to the site."""

    async def resolver(host: str, _: int) -> list[str]:
        return names.get(host.replace(".", "_"), ["127.0.0.1"])

    return Fetcher(max_bytes=MAX_BYTES, resolver=resolver, allowed_networks=LOCAL, allowed_ports=frozenset({site.port}))


SPELLINGS = [
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://127.0.0.1./",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://a@127.0.0.1/",
    "http://user:pass@example.org/",
    "http://example.org@127.0.0.1/",
    "http://example.org:22/",
    "http://example.org:5432/",
    "http://example.org:99999/",
    "http://example.org\\@127.0.0.1/",
    "http://exa mple.org/",
    "http://example.org/\r\nHost: x",
    "http:///pfad",
    "http://",
    "https://[::1",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "javascript:alert(1)",
    "//example.org/",
    "example.org",
    "",
]


@pytest.mark.parametrize("url", SPELLINGS)
async def test_no_spelling_leads_inside(url: str) -> None:
    with pytest.raises(ApiError) as fault:
        await Fetcher(max_bytes=MAX_BYTES).fetch(url)
    assert fault.value.status_code == 400
    assert fault.value.data["field"] == "url"


@pytest.mark.parametrize(
    "url", ["https://www.gesetze-im-internet.de/enwg_2005/", "http://8.8.8.8/", "https://bücher.example:443/a?b=c"]
)
def test_public_addresses_may_be_asked(url: str) -> None:
    assert parse_target(url).host


@pytest.mark.parametrize("address", ["8.8.8.8", "193.99.144.80", "2a02:2e0:3fe:1001:302::"])
def test_what_is_public_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.7"], ["93.184.215.14", "127.0.0.2"], ["::1"], ["::ffff:10.0.0.1"], ["169.254.169.254"], ["fd00::1"]],
)
async def test_a_name_that_leads_inside_is_refused(site: Site, addresses: list[str]) -> None:
    with pytest.raises(ApiError) as fault:
        await fetcher(site, innen_example=addresses).fetch(f"http://innen.example:{site.port}/")
    assert fault.value.status_code == 400
    assert site.asked == []


async def test_a_page_is_fetched_by_its_name(site: Site) -> None:
    site.reply = lambda _: response(body=b"Text", Content_Disposition="attachment; filename*=UTF-8''Preis%20blatt.txt")
    found = await fetcher(site).fetch(f"{site.url}ordner/blatt.pdf?x=1")
    assert (found.data, found.file_name) == (b"Text", "Preis blatt.txt")
    assert f"Host: seite.example:{site.port}" in site.asked[0]
    assert site.asked[0].startswith("GET /ordner/blatt.pdf?x=1 ")
    site.reply = lambda _: response()
    assert (await fetcher(site).fetch(f"{site.url}ordner/blatt.pdf?x=1")).file_name == "blatt.pdf"


async def test_the_name_is_asked_once_and_that_very_address_is_taken(site: Site) -> None:
    """DNS rebinding: the second answer would lead inside, so there must be no second question."""
    asked = 0

    async def resolver(_: str, __: int) -> list[str]:
        nonlocal asked
        asked += 1
        return ["127.0.0.1"] if asked == 1 else ["10.0.0.1"]

    guarded = Fetcher(
        max_bytes=MAX_BYTES, resolver=resolver, allowed_networks=LOCAL, allowed_ports=frozenset({site.port})
    )
    assert (await guarded.fetch(site.url)).data == b"Guten Tag"
    assert asked == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://127.0.0.2/",
        "http://localhost.:22/",
        "http://[::1]/",
        "http://2130706434/",
        "http://a@seite.example/",
        "//169.254.169.254/latest",
        "file:///etc/passwd",
        "http://innen.example:PORT/",
    ],
)
async def test_a_redirect_inside_is_refused(site: Site, location: str) -> None:
    target = location.replace("PORT", str(site.port))
    site.reply = lambda _: response("302 Found", Location=target)
    with pytest.raises(ApiError) as fault:
        await fetcher(site, innen_example=["10.0.0.9"]).fetch(site.url)
    assert fault.value.status_code == 400
    assert len(site.asked) == 1


async def test_redirects_end(site: Site) -> None:
    def reply(head: str) -> bytes:
        steps = int(head.split(" ")[1].lstrip("/") or 0)
        return response() if steps == 0 else response("302 Found", Location=f"/{steps - 1}")

    site.reply = reply
    assert (await fetcher(site).fetch(f"{site.url}{MAX_REDIRECTS}")).data == b"Guten Tag"
    with pytest.raises(ApiError) as fault:
        await fetcher(site).fetch(f"{site.url}{MAX_REDIRECTS + 1}")
    assert fault.value.status_code == 422


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (response("404 Not Found"), 422),
        (response("500 Oh"), 422),
        (response("302 Found"), 422),
        (response(body=b"x" * (MAX_BYTES + 1)), 413),
        (response(Content_Encoding="gzip"), 422),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BYTES + 1), 413),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nzu kurz", 422),
        (b"gar kein HTTP\r\n\r\n", 422),
    ],
)
async def test_what_comes_back_wrong_is_told(site: Site, answer: bytes, status: int) -> None:
    site.reply = lambda _: answer
    with pytest.raises(ApiError) as fault:
        await fetcher(site).fetch(site.url)
    assert fault.value.status_code == status
    assert fault.value.message


async def test_a_slow_page_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luna_api.ingest.fetch.TOTAL_TIMEOUT_S", 0.2)

    async def slow() -> bytes:
        await asyncio.sleep(2)
        return response()

    site.reply = lambda _: slow()
    with pytest.raises(ApiError) as fault:
        await fetcher(site).fetch(site.url)
    assert fault.value.status_code == 422


async def test_proxies_of_the_shell_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await fetcher(site).fetch(site.url)).data == b"Guten Tag"
