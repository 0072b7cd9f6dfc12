"""Refresh tokens: a session's id and a counter under a MAC, so that no token is stored."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from .session_row import SessionRow
from .settings import SessionSettings

_CONTEXT = b"refresh token"
_FORM = re.compile(r"ssr1\.([0-9a-f]{8})\.([A-Za-z0-9_-]{32})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class ParsedToken:
    """What a refresh token says of itself; nothing of it is proven yet."""

    text: str
    key_id: str
    session_id: str
    counter: int


def parse_refresh_token(text: str) -> ParsedToken | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    content = urlsafe_b64decode(found[2])
    return ParsedToken(text, found[1], content[:16].hex(), int.from_bytes(content[16:], "big"))


class RefreshTokens:
    """Makes and checks refresh tokens under the key ring: the first key signs, all verify."""

    def __init__(self, settings: SessionSettings) -> None:
        ring = settings.refresh_token_secrets or [settings.secret]
        masters = [hmac.digest(key.get_secret_value().encode(), _CONTEXT, "sha256") for key in ring]
        self._keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in masters}
        self._newest = next(iter(self._keys))
        self._issuer = (settings.issuer or "").encode()

    def make(self, row: SessionRow, counter: int) -> str:
        return self._make(row, counter, self._newest)

    def is_genuine(self, token: ParsedToken, row: SessionRow) -> bool:
        if token.key_id not in self._keys or token.counter >= 2**63:
            return False
        made = self._make(row, token.counter, token.key_id)
        # The whole text: another spelling of the same bytes is not the token.
        return hmac.compare_digest(made.encode(), token.text.encode())

    def _make(self, row: SessionRow, counter: int, key_id: str) -> str:
        # RFC 5869, with the row's own random bytes: forging takes the key and the database.
        key = hmac.digest(hmac.digest(row.salt, self._keys[key_id], "sha256"), _CONTEXT + b"\x01", "sha256")
        content = bytes.fromhex(row.id) + counter.to_bytes(8, "big")
        label = b"ssr1 %b %b %b" % (self._issuer, row.transport.encode(), content)
        mac = hmac.digest(key, label, "sha256")
        return ".".join(["ssr1", key_id, *(urlsafe_b64encode(part).decode().rstrip("=") for part in (content, mac))])
