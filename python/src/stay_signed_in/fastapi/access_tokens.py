"""Access tokens of sessions, and service tokens, which have none."""

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import jwt

from .session_row import SessionRow
from .settings import SessionSettings

ALGORITHM, TYPE = "HS256", "at+jwt"
LEEWAY_SECONDS = 5
MOST_SECONDS = 86_400

_SESSION_ID = re.compile("[0-9a-f]{32}")

Code = Literal["TOKEN_EXPIRED", "TOKEN_INVALID"]


class AccessTokenError(Exception):
    """A token that is not accepted. ``code`` is ``TOKEN_EXPIRED`` or ``TOKEN_INVALID``."""

    def __init__(self, code: Code) -> None:
        super().__init__("The access token has expired." if code == "TOKEN_EXPIRED" else "The access token is refused.")
        self.code: Code = code


@dataclass(frozen=True)
class AccessToken:
    """What a genuine token says. ``session_id`` is None for a service token."""

    subject: str
    session_id: str | None
    #: Seconds since 1970.
    expires_at: int
    is_guest: bool
    #: For a service token: of which state of the user's password it was made.
    credential_version: int | None = None
    claims: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


class AccessTokens:
    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._key = settings.secret.get_secret_value()

    def sign(self, row: SessionRow, is_guest: bool) -> tuple[str, int]:
        """An access token of this session, and how many seconds it is good for."""
        settings = self._settings
        lifetime = min(settings.token_lifetime_seconds, (row.absolute_expires_at - row.now) // 1000 + 1)
        claims: dict[str, Any] = {"sub": str(row.user_id), "sid": row.id, "aud": settings.audience}
        if is_guest:
            claims["is_guest"] = True
        if row.bound_key is not None:
            # For display: the token itself is a bearer token, so not `cnf`.
            claims["bound"] = True
        return self._encode(claims, row.now // 1000, lifetime), lifetime

    def sign_service(self, subject: str, credential_version: int, lifetime_seconds: int, claims: dict[str, Any]) -> str:
        own = {"sub": subject, "aud": self._settings.service_audience, "credential_version": credential_version}
        return self._encode({**claims, **own}, int(time.time()), lifetime_seconds)

    def _encode(self, claims: dict[str, Any], now: int, lifetime: int) -> str:
        claims |= {"iat": now, "exp": now + lifetime, "jti": secrets.token_hex(16)}
        if self._settings.issuer is not None:
            claims["iss"] = self._settings.issuer
        return jwt.encode(claims, self._key, ALGORITHM, headers={"typ": TYPE})

    def read(self, token: object, *, allow_expired: bool = False) -> AccessToken:
        """The claims of a genuine token of either kind; whether its session still lives is another question.

        :raises AccessTokenError: it is none, or it has expired.
        """
        claims = self._decode(token, allow_expired)
        subject, sid, version = claims["sub"], claims.get("sid"), claims.get("credential_version")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        # One that names both audiences would choose the weaker check itself.
        is_service = self._settings.service_audience in audiences
        if is_service and self._settings.audience in audiences:
            raise AccessTokenError("TOKEN_INVALID")
        if is_service and (sid is not None or not isinstance(version, int) or isinstance(version, bool)):
            raise AccessTokenError("TOKEN_INVALID")
        has_session = isinstance(sid, str) and _SESSION_ID.fullmatch(sid) is not None
        if not is_service and (not has_session or claims["exp"] - claims["iat"] > MOST_SECONDS):
            raise AccessTokenError("TOKEN_INVALID")
        is_guest = claims.get("is_guest") is True
        return AccessToken(subject, sid, claims["exp"], is_guest, version if is_service else None, claims)

    def _decode(self, token: object, allow_expired: bool) -> dict[str, Any]:
        settings = self._settings
        if not isinstance(token, str):
            raise AccessTokenError("TOKEN_INVALID")
        options: Any = {"require": ["exp", "iat", "sub", "aud"], "verify_exp": not allow_expired}
        if settings.issuer is not None:
            options["require"].append("iss")
        audiences = [settings.audience, settings.service_audience]
        try:
            if jwt.get_unverified_header(token).get("typ") != TYPE:
                raise AccessTokenError("TOKEN_INVALID")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                [ALGORITHM],
                options,
                audience=audiences,
                issuer=settings.issuer,
                leeway=LEEWAY_SECONDS,
            )
        except jwt.ExpiredSignatureError:
            raise AccessTokenError("TOKEN_EXPIRED") from None
        # A token with a lone surrogate or of another shape than any JWT is no token either.
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise AccessTokenError("TOKEN_INVALID") from None
        if not all(isinstance(claims[name], int) and not isinstance(claims[name], bool) for name in ("exp", "iat")):
            raise AccessTokenError("TOKEN_INVALID")
        if not isinstance(claims["sub"], str):
            raise AccessTokenError("TOKEN_INVALID")
        return claims
