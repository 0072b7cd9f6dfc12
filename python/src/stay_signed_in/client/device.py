"""Signing in by a code that somebody approves on a page elsewhere (RFC 8628)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import AuthError
from .wire import Answer, Wire

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
SLOW_DOWN_SECONDS, LONGEST_INTERVAL_SECONDS = 5.0, 60.0


@dataclass(frozen=True)
class DevicePrompt:
    """What to show: open ``verification_uri`` and type ``user_code``, or open ``verification_uri_complete``."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    #: Wall-clock seconds.
    expires_at: float


def _is_page(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://")) and value.isprintable()


def _ask(wire: Wire, client_id: str) -> dict[str, Any]:
    answer = wire.post("/device/code", form={"client_id": client_id})
    body, status = answer.body, answer.status
    if status in (404, 405, 501) or (status == 200 and body is None):
        message = f"{wire.address} offers no sign-in by device code. Is the address right, with its /v1/auth?"
        raise AuthError("invalidOptions", message, status=status)
    if status == 429:
        raise AuthError("rateLimited", "Too many device codes were asked for. Wait, then try again.", status=status)
    if status != 200 or body is None:
        raise AuthError("unavailable", f"The server gave no device code (status {status}).", status=status)
    code, letters = body.get("device_code"), body.get("user_code")
    is_showable = isinstance(letters, str) and letters.isprintable() and 0 < len(letters) <= 32
    if not isinstance(code, str) or not is_showable or not _is_page(body.get("verification_uri")):
        raise AuthError("badResponse", "The server's answer holds no device code that can be shown.", status=status)
    return body


def run_device_grant(
    wire: Wire,
    client_id: str,
    on_prompt: Callable[[DevicePrompt], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> Answer:
    """The token answer. Polls no faster than the server allows."""
    asked = _ask(wire, client_id)
    complete = asked.get("verification_uri_complete")
    lifetime, interval = (
        _seconds(asked.get(name), usual) for name, usual in (("expires_in", 600.0), ("interval", 5.0))
    )
    uri = asked["verification_uri"]
    prompt = DevicePrompt(asked["user_code"], uri, complete if _is_page(complete) else None, now() + lifetime)
    on_prompt(prompt)
    form = {"grant_type": GRANT_TYPE, "device_code": asked["device_code"], "client_id": client_id}
    failures = 0
    while True:
        # §3.5 asks for growing pauses when the server is not reached; the code stays good meanwhile.
        sleep(min(interval * 2**failures, max(interval, LONGEST_INTERVAL_SECONDS)))
        is_over = now() >= prompt.expires_at
        try:
            answer = wire.post("/device/token", form=form)
        except AuthError:
            if is_over:
                raise
            failures += 1
            continue
        if answer.status == 200:
            return answer
        if answer.code == "access_denied":
            raise AuthError("credentialsRejected", "The sign-in was denied on the page.", status=answer.status)
        if answer.code in ("expired_token", "invalid_grant") or is_over:
            message = "The code ran out before it was approved. Sign in anew."
            raise AuthError("credentialsRejected", message, status=answer.status)
        failures = 0 if answer.code in ("authorization_pending", "slow_down") else failures + 1
        if answer.code == "slow_down":
            interval += SLOW_DOWN_SECONDS
        elif answer.code != "authorization_pending" and answer.status < 500 and answer.status != 429:
            message = f"The server answered a device sign-in with status {answer.status}."
            raise AuthError("badResponse", message, status=answer.status)


def _seconds(value: Any, usual: float) -> float:
    is_given = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
    return float(value) if is_given else usual
