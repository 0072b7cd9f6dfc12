"""The address of a server in its one spelling: what sessions are filed under."""

import ipaddress
import posixpath
from urllib.parse import quote, urlsplit

from .errors import AuthError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Scheme, host and port. :raises ValueError: `url` is no absolute http address."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(url)
    name = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    host = f"[{name}]" if ":" in name else name
    port = "" if parts.port in (None, _DEFAULT_PORTS[scheme]) else f":{parts.port}"
    return f"{scheme}://{host}{port}"


def parse_server_address(url: str, *, dangerously_allow_http: bool = False) -> str:
    """:raises AuthError: ``invalidOptions``, for what is no address, and for plain http to another machine."""

    def refuse(why: str) -> AuthError:
        return AuthError("invalidOptions", f"The address of the server {why}.")

    try:
        parts = urlsplit(url)
        origin = origin_of(url)
    except (ValueError, UnicodeError):
        raise refuse("is no absolute address; it looks like https://api.example/v1/auth") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise refuse("must begin with https:// (or http:// for this machine)")
    if parts.username or parts.password:
        raise refuse("holds a user name or a password; leave them out")
    if parts.query or parts.fragment:
        raise refuse("holds a query or a fragment; leave them out")
    if parts.scheme == "http" and not is_loopback(parts.hostname or "") and not dangerously_allow_http:
        raise refuse(
            "is plain http on another machine: everybody on the way could read the tokens. Use https, or "
            "dangerously_allow_http=True (--dangerously-allow-http) on a network that you trust"
        )
    path = posixpath.normpath(f"/{parts.path}").lstrip("/") if parts.path else ""
    escaped = quote(path, safe="/%:@!$&'()*+,;=-._~")
    return f"{origin}/{escaped}" if escaped else origin
