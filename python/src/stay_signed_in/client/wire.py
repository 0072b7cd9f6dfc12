"""What goes over the wire: requests in the body transport, and what their answers mean."""

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from .errors import AuthError
from .session_format import StoredSession


@dataclass(frozen=True)
class Answer:
    status: int
    #: The JSON object, or None for anything else.
    body: dict[str, Any] | None
    #: Wall-clock milliseconds by the header Date, and when the request left by this machine's.
    server_now: float | None
    sent_at: float
    retry_after: str | None

    @property
    def code(self) -> str:
        detail = (self.body or {}).get("detail") or (self.body or {}).get("error")
        code = detail.get("code") if isinstance(detail, dict) else detail
        return code if isinstance(code, str) else ""

    @property
    def reason(self) -> str:
        detail = (self.body or {}).get("detail")
        reason = detail.get("reason") if isinstance(detail, dict) else (self.body or {}).get("reason")
        return reason if isinstance(reason, str) else ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A redirect would hand a credential to an address that nobody named."""
        return None


class Wire:
    def __init__(self, address: str, timeout: float) -> None:
        self.address, self._timeout = address, timeout
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(
        self,
        path: str,
        *,
        form: dict[str, str] | None = None,
        fields: dict[str, Any] | None = None,
        bearer: str | None = None,
    ) -> Answer:
        """:raises AuthError: ``unavailable`` when the server was not reached."""
        headers = {"Auth-Transport": "body", "Accept": "application/json"}
        data = b""
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif fields is not None:
            data = json.dumps(fields).encode()
            headers["Content-Type"] = "application/json"
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        sent_at = float(int(time.time() * 1000))
        request = urllib.request.Request(f"{self.address}{path}", data, headers, method="POST")
        try:
            try:
                response = self._opener.open(request, timeout=self._timeout)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                text = response.read(1_000_000)
                status, given = int(response.status or 0), response.headers
        except (OSError, ValueError) as error:
            kind = type(getattr(error, "reason", error)).__name__
            message = f"The server at {self.address} was not reached ({kind}). Check the address and the network."
            raise AuthError("unavailable", message) from None
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        date = given.get("Date")
        try:
            server_now = parsedate_to_datetime(date).timestamp() * 1000 if date else None
        except ValueError:
            server_now = None
        is_object = isinstance(body, dict)
        return Answer(status, body if is_object else None, server_now, sent_at, given.get("Retry-After"))


def read_claims(token: str) -> dict[str, Any]:
    """For scheduling and display only: nothing of it is proven here."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def to_stored_session(answer: Answer, before: StoredSession | None) -> StoredSession | None:
    """What to keep of a token answer, or None when it is none. `before` is the session that was refreshed."""
    body = answer.body or {}
    token = body.get("access_token")
    if answer.status != 200 or not isinstance(token, str) or token == "":
        return None
    claims = read_claims(token)
    session = body.get("session") if isinstance(body.get("session"), dict) else {}
    refresh_token = body.get("refresh_token")
    lifetime_ms = _lifetime_ms(body, claims, answer)
    number = _number(session.get("number")) if session else None
    subject = claims.get("sub") or body.get("subject") or (before.subject if before else None)
    return StoredSession(
        id=(session or {}).get("id") or claims.get("sid") or (before.id if before else None),
        number=number if number is not None else (before.number if before else None),
        subject=None if subject is None else str(subject),
        isGuest=claims.get("is_guest") is True if claims else bool(before and before.isGuest),
        # A server that hands none out need not be asked with another. RFC 6749 §6.
        refreshToken=refresh_token or (before.refreshToken if before else None),
        accessToken=token,
        accessTokenSentAt=answer.sent_at,
        accessTokenExpiresAt=None if lifetime_ms is None else answer.sent_at + lifetime_ms,
        signedInAt=before.signedInAt if before else answer.sent_at,
    )


def _lifetime_ms(body: dict[str, Any], claims: dict[str, Any], answer: Answer) -> float | None:
    given = _number(body.get("expires_in"))
    if given is not None:
        return given * 1000
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is None:
        return None
    left = [expires * 1000 - (answer.server_now or answer.sent_at)]
    if issued is not None:
        left.append((expires - issued) * 1000)
    return max(0.0, min(left))
