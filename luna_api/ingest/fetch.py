"""Fetching a document from an address that somebody gave us, without becoming their way into this network.

Each address is resolved and checked, and the connection goes to the very IP address that was checked (so a name cannot
answer twice), while Host and SNI keep the name. Every redirect goes through the same gate. Where the rules come from:
the list of special networks is `ipaddress`' (IANA), plus the ways in which IPv6 wraps IPv4.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import httpx

from luna_api.errors import ApiError, invalid

MAX_REDIRECTS = 5
TOTAL_TIMEOUT_S = 30.0
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_ALLOWED_PORTS = frozenset({80, 443})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[list[str]]]

_WRAPPED_IPV4 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
    )
)
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "fec0::/10",
        "fe80::/10",
        "3fff::/20",
    )
)
_NUMERIC_LABEL = re.compile(r"^(0x[0-9a-f]*|\d+)$", re.I)
_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back: the bytes, a name for them, and where they were in the end."""

    data: bytes
    file_name: str
    url: str
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked: its parts, with the host as the name service wants it."""

    url: str
    scheme: str
    host: str
    port: int


class RefusedAddressError(Exception):
    """A name leads to where we do not go."""


def refused(fault: str) -> ApiError:
    """400 for the field `url`."""
    return invalid("url", fault)


def is_public(address: Address, allowed: tuple[Network, ...] = ()) -> bool:
    """Whether an address is on the public internet and no wrapping of another."""
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id or any(address in network for network in _WRAPPED_IPV4)
    ):
        return False
    if any(address.version == network.version and address in network for network in _SPECIAL):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def parse_target(url: str, ports: frozenset[int] = _ALLOWED_PORTS) -> Target:
    """Check how an address is written. Raises `ApiError` (400) naming what is wrong with it."""
    if _FORBIDDEN.search(url):
        raise refused("enthält Leerzeichen, Steuerzeichen oder umgekehrte Schrägstriche")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise refused("ist keine gültige Adresse") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise refused("muss mit http:// oder https:// beginnen")
    if "@" in parts.netloc:
        raise refused("darf keinen Benutzernamen und kein Kennwort enthalten")
    if not host:
        raise refused("nennt keinen Rechner")
    port = port if port is not None else (443 if parts.scheme.lower() == "https" else 80)
    if port not in ports:
        raise refused(f"nennt den Anschluss {port}; erlaubt sind nur 80 und 443")
    name = _host(host)
    # Asked is what was checked, in its plain spelling: no other reader of addresses may understand it otherwise.
    place = f"[{name}]" if ":" in name else name
    plain = urlunsplit((parts.scheme.lower(), f"{place}:{port}", parts.path or "/", parts.query, ""))
    return Target(plain, parts.scheme.lower(), name, port)


def _host(host: str) -> str:
    if ":" in host:
        if "%" in host:
            raise refused("ist keine öffentliche Adresse")
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise refused("enthält eine ungültige IPv6-Adresse") from None
    if "%" in host:
        raise refused("enthält einen ungültigen Rechnernamen")
    try:
        name = host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        raise refused("enthält einen ungültigen Rechnernamen") from None
    labels = name.split(".")
    if _NUMERIC_LABEL.match(labels[-1]):
        # Resolvers read 2130706433, 0x7f.1 and 017700000001 as addresses; only the plain spelling is taken.
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise refused("schreibt eine IP-Adresse auf ungewöhnliche Weise") from None
    if len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise refused("enthält einen ungültigen Rechnernamen")
    return name


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system sees them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to the address that was checked; the name goes into Host (set by the client) and SNI."""

    def __init__(
        self, resolver: Resolver = resolve, allowed: tuple[Network, ...] = (), tls: ssl.SSLContext | None = None
    ) -> None:
        # No connection is kept: one kept for a name must not serve another name on the same address.
        self._inner = httpx.AsyncHTTPTransport(
            verify=tls or True, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._resolver = resolver
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve, check all, connect to the first that answers."""
        host = request.url.host
        addresses = await self.checked(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        fault: httpx.HTTPError | None = None
        for address in addresses[:3]:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                fault = error
        raise fault or httpx.ConnectError("keine Adresse")

    async def checked(self, host: str, port: int) -> list[str]:
        """The addresses of a name, all of them public. Raises `RefusedAddressError`."""
        try:
            found = [str(ipaddress.ip_address(host.strip("[]")))]
        except ValueError:
            try:
                found = await self._resolver(host, port)
            except OSError as error:
                raise httpx.ConnectError(f"{host}: {error}") from error
        for address in found:
            if not is_public(ipaddress.ip_address(address), self._allowed):
                raise RefusedAddressError(host)
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Fetcher:
    """Fetches one document at a time for each call; safe to share."""

    def __init__(
        self,
        *,
        max_bytes: int,
        resolver: Resolver = resolve,
        allowed_networks: tuple[Network, ...] = (),
        allowed_ports: frozenset[int] = frozenset(),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls` names whom to believe; None are the authorities that browsers know (certifi)."""
        self._tls = tls
        self._max_bytes = max_bytes
        self._resolver = resolver
        self._networks = allowed_networks
        self._ports = _ALLOWED_PORTS | allowed_ports

    async def fetch(self, url: str) -> Fetched:
        """The document behind `url`. Raises `ApiError`: 400 (address), 413 (size), 422 (what came back)."""
        parse_target(url, self._ports)
        transport = PinnedTransport(self._resolver, self._networks, self._tls)
        try:
            async with (
                asyncio.timeout(TOTAL_TIMEOUT_S),
                httpx.AsyncClient(
                    transport=transport, timeout=_TIMEOUT, trust_env=False, follow_redirects=False
                ) as client,
            ):
                return await self._follow(client, url)
        except RefusedAddressError:
            raise refused(
                "führt nicht ins öffentliche Internet; private und örtliche Adressen rufe ich nicht ab"
            ) from None
        except TimeoutError:
            raise ApiError(
                422, "Die Seite hat zu lange gebraucht; nach 30 Sekunden habe ich aufgehört zu warten."
            ) from None
        except httpx.TimeoutException:
            raise ApiError(422, "Die Seite antwortet nicht.") from None
        except httpx.InvalidURL:
            raise refused("ist keine gültige Adresse") from None
        except httpx.HTTPError as fault:
            raise ApiError(422, _unreachable(fault)) from None

    async def _follow(self, client: httpx.AsyncClient, url: str) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            target = parse_target(url, self._ports)
            request = client.build_request(
                "GET", target.url, headers={"Accept-Encoding": "identity", "User-Agent": "Luna-IEMS", "Accept": "*/*"}
            )
            response = await client.send(request, stream=True)
            try:
                if response.status_code not in _REDIRECTS:
                    return await self._read(response, target.url)
                location = response.headers.get("location", "")
            finally:
                await response.aclose()
            if not location:
                raise ApiError(422, "Die Seite leitet weiter, sagt aber nicht wohin.")
            url = urljoin(target.url, location)
        raise ApiError(422, f"Die Seite leitet mehr als {MAX_REDIRECTS}-mal weiter.")

    async def _read(self, response: httpx.Response, url: str) -> Fetched:
        if response.status_code != 200:
            raise ApiError(422, f"Die Seite antwortet mit dem Status {response.status_code}.")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise ApiError(422, "Die Seite schickt verpackte Daten, obwohl ich um unverpackte gebeten habe.")
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw():
            size += len(part)
            if size > self._max_bytes:
                raise ApiError(413, f"Das Dokument ist größer als {self._max_bytes // 1_048_576} MB.")
            parts.append(part)
        media_type = response.headers.get("content-type")
        name = _file_name(response.headers.get("content-disposition", ""), url)
        return Fetched(b"".join(parts), name, url, media_type)


_CERTIFICATES = {
    9: "gilt noch nicht",
    10: "ist abgelaufen",
    62: "ist für einen anderen Namen ausgestellt",
    64: "ist für eine andere Adresse ausgestellt",
}
"""OpenSSL's reasons (X509_V_ERR_…) that a reader can do something with; all others are about the issuer."""


def _unreachable(fault: BaseException) -> str:
    """Why nothing came back, as far as the chain of causes tells."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = _CERTIFICATES.get(cause.verify_code, "stammt von einem Aussteller, dem ich nicht vertraue")
            return f"Die Seite ist nicht sicher zu erreichen: Ihr Zertifikat {why}. Ich rufe sie nicht ab."
        if isinstance(cause, ssl.SSLError):
            return "Die Seite ist nicht sicher zu erreichen: Die verschlüsselte Verbindung (TLS) kam nicht zustande."
        if isinstance(cause, socket.gaierror):
            return "Den Rechner dieser Adresse gibt es nicht, oder sein Name ist gerade nicht zu finden."
        if isinstance(cause, ConnectionRefusedError):
            return "Der Rechner dieser Adresse nimmt keine Verbindung an."
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "Die Seite hat die Verbindung abgebrochen oder etwas geschickt, das nicht HTTP ist."
    return "Die Seite ist nicht zu erreichen."


def _file_name(disposition: str, url: str) -> str:
    extended = re.search(r"filename\*=(?:UTF-8|utf-8)''([^;\s]+)", disposition)
    plain = re.search(r'filename="?([^";]+)"?', disposition)
    found = unquote(extended[1]) if extended else plain[1] if plain else unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    return found or "seite.html"
