"""What kind of refresh token a request may have: PROTOCOL, "Cross-site requests", in its order."""

import ipaddress
from dataclasses import dataclass
from typing import Literal, NoReturn
from urllib.parse import SplitResult, urlsplit

from starlette.requests import HTTPConnection

from .errors import refuse
from .settings import SessionSettings

Transport = Literal["cookie", "body", "none"]
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class PublicAddress:
    """Where the browser believes the server to be."""

    scheme: str
    #: Without a port.
    hostname: str
    port: int

    @property
    def is_https(self) -> bool:
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        if self.hostname == "localhost" or self.hostname.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.hostname).is_loopback
        except ValueError:
            return False

    @property
    def host(self) -> str:
        """With the port, unless it is the scheme's own."""
        name = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return name if self.port == DEFAULT_PORTS.get(self.scheme) else f"{name}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"


def _parse(address: str) -> PublicAddress | None:
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None:
        return None
    return PublicAddress(parts.scheme, parts.hostname, port)


def public_address(connection: HTTPConnection, settings: SessionSettings) -> PublicAddress:
    scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
    asked = settings.public_url or f"{scheme}://{connection.headers.get('host', '')}"
    return _parse(asked) or PublicAddress(scheme, "", DEFAULT_PORTS.get(scheme, 0))


def is_own_origin(asked: SplitResult, connection: HTTPConnection, settings: SessionSettings) -> bool:
    """Whether a page or program that names this address means this server, by whichever of its doors."""
    origin, site = connection.headers.get("origin"), connection.headers.get("sec-fetch-site")
    public = public_address(connection, settings)
    own = [public.origin, f"{connection.url.scheme}://{connection.headers.get('host', '')}"]
    # Behind a development proxy the page's own address is all that the browser knows.
    if origin is not None and _is_allowed(origin, site, public, settings):
        own.append(origin)
    meant = _parse(f"{asked.scheme}://{asked.netloc}")
    return meant is not None and meant in [_parse(each) for each in own]


def find_transport(connection: HTTPConnection, settings: SessionSettings, *, asks_body: bool) -> Transport:
    """``none``: nothing says what sent this, so it gets an access token alone.

    :raises HTTPException: 403 ``ORIGIN_NOT_ALLOWED``, with the reason and the setting that changes it.
    """
    headers = connection.headers
    origin, site, cookie = (headers.get(name) for name in ("origin", "sec-fetch-site", "cookie"))
    if asks_body:
        if origin is not None or site is not None or cookie is not None:
            _refuse(
                "A page asked for a refresh token in the body. Leave `Auth-Transport: body` and `refresh_token` out: "
                "pages keep theirs in a cookie."
            )
        return "body"
    if origin is None and site is None:
        if cookie is not None:
            _refuse("A cookie came without Origin and Sec-Fetch-Site: a browser sends one of them with a POST.")
        return "none"
    address = public_address(connection, settings)
    if not _is_allowed(origin, site, address, settings):
        _refuse(
            f"The page's origin is {origin or 'not named'}, the server's is {address.origin}. If that page is yours, "
            "set `public_url` to the address that people open, or add its origin to `allowed_origins`."
        )
    if not (address.is_https or address.is_loopback or settings.allow_insecure_cookies):
        _refuse(
            f"{address.origin} is plain http on a network: everybody on it could read the refresh token. Serve it by "
            "https, or set `allow_insecure_cookies` to true on a network that you trust."
        )
    return "cookie"


def _is_allowed(origin: str | None, site: str | None, address: PublicAddress, settings: SessionSettings) -> bool:
    if origin is not None and origin in settings.allowed_origins:
        return True
    if site is not None:
        return site == "same-origin"
    own = _parse(origin or "")
    # A proxy that ends TLS leaves http here: without `public_url` the host has to do.
    return own is not None and (own == address if settings.public_url else own.host == address.host)


def _refuse(reason: str) -> NoReturn:
    refuse(403, "ORIGIN_NOT_ALLOWED", reason)
