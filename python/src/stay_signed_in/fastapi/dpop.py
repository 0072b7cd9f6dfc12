"""Proofs of a key (DPoP, RFC 9449), which a session can be bound to: its refresh token alone is then worth nothing."""

import hashlib
import hmac
import json
import re
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import jwt

from .settings import SessionSettings

ALGORITHM, TYPE = "ES256", "dpop+jwt"
MOST_CHARACTERS, MOST_ID_CHARACTERS, MOST_USED = 2048, 128, 100_000
SHORTEST_STRETCH_SECONDS = 300


@dataclass(frozen=True)
class Proved:
    #: The key's, by RFC 7638.
    thumbprint: str
    #: The claim ``jti``: no proof counts twice.
    id: str


#: ``nonceNeeded``: a good proof without a nonce of ours, or with one that is too old; to be sent again with a new one.
Verdict = Proved | Literal["nonceNeeded", "refused"]


def verify_proof(
    proof: str,
    *,
    method: str,
    is_own_address: Callable[[SplitResult], bool],
    is_good_nonce: Callable[[str], bool],
) -> Verdict:
    """RFC 9449 §4.3. The server's nonce takes the place of ``iat``: a wrong clock refuses nobody."""
    if len(proof) > MOST_CHARACTERS:
        return "refused"
    try:
        header = jwt.get_unverified_header(proof)
        key = header.get("jwk")
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM or not isinstance(key, dict) or "d" in key:
            return "refused"
        claims = jwt.decode(
            proof,
            jwt.PyJWK.from_dict(key, ALGORITHM),
            [ALGORITHM],
            {"verify_aud": False, "verify_iat": False, "require": ["jti", "iat"]},
        )
        names = {name: key[name] for name in ("crv", "kty", "x", "y")}
        address = urlsplit(claims["htu"]) if isinstance(claims.get("htu"), str) else None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return "refused"
    proof_id, iat, nonce = claims["jti"], claims["iat"], claims.get("nonce")
    if not isinstance(proof_id, str) or not 0 < len(proof_id) <= MOST_ID_CHARACTERS:
        return "refused"
    if not isinstance(iat, int | float) or isinstance(iat, bool) or claims.get("htm") != method:
        return "refused"
    if address is None or not is_own_address(address):
        return "refused"
    if not isinstance(nonce, str) or not is_good_nonce(nonce):
        return "nonceNeeded"
    return Proved(_thumbprint(names), proof_id)


def _thumbprint(names: dict[str, Any]) -> str:
    canonical = json.dumps(names, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


class Nonces:
    """What keeps a proof from being made in advance or used twice.

    A nonce is a stretch of time under a MAC, so that all servers with the same keys know it and none stores it. It is
    good for its own stretch and the next. Whether a proof was used before each process knows for itself.
    """

    def __init__(self, settings: SessionSettings, clock: Callable[[], float] = time.time) -> None:
        ring = settings.refresh_token_secrets or [settings.secret]
        self._keys = [hmac.digest(key.get_secret_value().encode(), b"dpop nonce", "sha256") for key in ring]
        self._stretch_seconds = max(settings.token_lifetime_seconds, SHORTEST_STRETCH_SECONDS)
        self._clock = clock
        self._used: OrderedDict[str, int] = OrderedDict()

    def current(self) -> str:
        return self._make(self._stretch(), self._keys[0])

    def is_good(self, nonce: str) -> bool:
        found = re.fullmatch(r"([0-9]{1,16})\.[A-Za-z0-9_-]{43}", nonce)
        # One ahead is another server's clock.
        if found is None or abs(self._stretch() - int(found[1])) > 1:
            return False
        return any(hmac.compare_digest(self._make(int(found[1]), key), nonce) for key in self._keys)

    def use_once(self, proof_id: str) -> bool:
        """False when this proof was used here before."""
        if proof_id in self._used:
            return False
        self._used[proof_id] = self._stretch()
        # Oldest first: whatever can no longer come with a good nonce, and what is too much.
        while len(self._used) > MOST_USED or next(iter(self._used.values())) < self._stretch() - 2:
            self._used.popitem(last=False)
        return True

    def _stretch(self) -> int:
        return int(self._clock() // self._stretch_seconds)

    @staticmethod
    def _make(stretch: int, key: bytes) -> str:
        return f"{stretch}.{_base64url(hmac.digest(key, str(stretch).encode(), 'sha256'))}"
