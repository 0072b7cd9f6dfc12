"""What is said when the app starts and its set-up cannot work, or is not what its developer believes."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from fastapi.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Match, NoMatchFound

from .origin import public_address
from .settings import SessionSettings


class SessionSetupWarning(UserWarning):
    """The set-up of sessions cannot work as it is; the message says what to change."""


def warn_of_setup(app: Any, settings: SessionSettings) -> None:
    for message in [*_of_settings(settings), *_of_routes(app, settings)]:
        warnings.warn(message, SessionSetupWarning, stacklevel=2)


def _of_settings(settings: SessionSettings) -> Iterator[str]:
    secrets = {"secret": [settings.secret], "refresh_token_secrets": settings.refresh_token_secrets}
    for name, values in secrets.items():
        if any(len(value.get_secret_value().encode()) < 32 for value in values):
            yield (
                f"`{name}` has fewer than 32 bytes and can be guessed. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
    if settings.refresh_grace_seconds < 5:
        yield "`refresh_grace_seconds` is shorter than a client's time-out: a slow answer would end the session."
    if settings.token_lifetime_seconds >= settings.refresh_token_lifetime_seconds:
        yield "`token_lifetime_seconds` is not shorter than `refresh_token_lifetime_seconds`: sessions end unrefreshed."
    if settings.public_url is None:
        return
    address = urlsplit(settings.public_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        yield f"`public_url` is {settings.public_url}: it must be an address as people open it, https://app.example."
    elif not settings.allow_insecure_cookies and _is_plain_http(settings):
        yield (
            f"`public_url` is {settings.public_url}, plain http on a network: every sign-in of a page is refused. "
            "Use https, or set `allow_insecure_cookies` to true on a network that you trust."
        )


def _is_plain_http(settings: SessionSettings) -> bool:
    nobody = HTTPConnection({"type": "http", "headers": [], "path": "/", "scheme": "http", "server": ("", 0)})
    address = public_address(nobody, settings)
    return not (address.is_https or address.is_loopback)


def _of_routes(app: Any, settings: SessionSettings) -> Iterator[str]:
    prefix = settings.prefix
    for method, path in (("POST", "/jwt/refresh"), ("GET", "/users/me"), ("PATCH", "/users/me"), ("GET", "/sessions")):
        found = _first_match(app, method, f"{prefix}{path}")
        if found is None:
            yield (
                f"Nothing answers {method} {prefix}{path}. Include RefreshRouter without a prefix: `settings.prefix` "
                "is the one place for it."
            )
            break
        if not _is_ours(found):
            yield (
                f"{method} {prefix}{path} is answered by another route ({_describe(found)}), which stands before "
                "RefreshRouter. Include RefreshRouter before catch-all pages and before fastapi-users' users router."
            )
    # Ours has another name: this is fastapi-users' own, wherever the app has put it.
    with suppress(NoMatchFound):
        stock = str(app.url_path_for("users:patch_current_user"))
        if not _is_ours(_first_match(app, "PATCH", stock)):
            yield (
                f"PATCH {stock} is fastapi-users' own: whoever has copied an access token can change the password with "
                f'it. Set `users_path="{stock.removesuffix("/me")}"` and include RefreshRouter first.'
            )
    if settings.allowed_origins and not any(each.cls is CORSMiddleware for each in getattr(app, "user_middleware", [])):
        yield "`allowed_origins` is set, but the app has no CORSMiddleware: browsers refuse what those pages ask for."


def _first_match(app: Any, method: str, path: str) -> Any:
    """The endpoint that answers, of whichever router."""
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": [], "query_string": b""}
    for route in app.router.routes:
        match, child = route.matches(dict(scope))
        if match is not Match.FULL:
            continue
        # Newer FastAPI keeps included routers as they are; only they know which of their routes it is.
        while hasattr(route, "_match"):
            match, child, route, _ = route._match(dict(scope))
        return child.get("endpoint") or getattr(route, "endpoint", route)
    return None


def _is_ours(endpoint: Any) -> bool:
    return str(getattr(endpoint, "__module__", "")).startswith(__package__ or "stay_signed_in")


def _describe(endpoint: Any) -> str:
    name = getattr(endpoint, "__qualname__", type(endpoint).__name__)
    return f"{getattr(endpoint, '__module__', '')}.{name}".strip(".")
