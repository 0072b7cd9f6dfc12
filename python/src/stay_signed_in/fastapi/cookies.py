"""The refresh cookie: one name for each session, under a start that no other server of the host has."""

import re
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from .origin import PublicAddress
from .settings import SessionSettings

_SHORT_ID = r"[A-Za-z0-9_-]{8}"


@dataclass(frozen=True)
class RefreshCookie:
    """Reads, writes and clears, so that names and attributes always agree."""

    start: str
    path: str
    is_secure: bool
    #: Whether the cookie goes along where the page is embedded in another site's, one jar for each of them (CHIPS).
    is_partitioned: bool
    #: The forms that former versions wrote: read, and moved to the present one, but only with a genuine token.
    former: re.Pattern[str]

    def name_for(self, session_id: str) -> str:
        return self.start + session_id[:8]

    def own(self, cookies: dict[str, str]) -> dict[str, str]:
        form = re.compile(re.escape(self.start) + _SHORT_ID)
        return {name: value for name, value in cookies.items() if form.fullmatch(name)}

    def moved(self, cookies: dict[str, str]) -> dict[str, str]:
        own = self.own(cookies)
        return {name: value for name, value in cookies.items() if name not in own and self.former.fullmatch(name)}

    def write(self, session_id: str, token: str, max_age: int) -> str:
        return self._header(self.name_for(session_id), token, max_age)

    def clear(self, name: str) -> str:
        return self._header(name, "", 0)

    def _header(self, name: str, value: str, max_age: int) -> str:
        secure = "; Secure" if self.is_secure else ""
        site = "SameSite=None; Partitioned" if self.is_partitioned else "SameSite=Strict"
        return f"{name}={value}; Max-Age={max_age}; Path={self.path}{secure}; HttpOnly; {site}"


def refresh_cookie(connection: HTTPConnection, address: PublicAddress, settings: SessionSettings) -> RefreshCookie:
    """The form of the cookie for this request. Ports and prefixes of a host share one jar, so both are in the name."""
    prefix = connection.scope.get("root_path", "").rstrip("/") + settings.prefix
    place = _short_hash(f"{prefix}\n{settings.issuer or ''}")
    plain = f"refresh_token.{address.port}-{place}."
    if address.is_https:
        former = re.compile(rf"__Host-Http-refresh_token\.{_SHORT_ID}")
        return RefreshCookie(f"__Host-Http-{plain}", "/", True, settings.partitioned_cookies, former)
    former = re.compile(rf"refresh_token\.(?:{address.port}\.)?{_SHORT_ID}")
    return RefreshCookie(plain, prefix or "/", False, False, former)


def _short_hash(text: str) -> str:
    """FNV-1a, 32 bits, in base 36, as the TypeScript server has it: no secret, it only tells two texts apart."""
    value = 0x811C9DC5
    for character in text:
        value = ((value ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
