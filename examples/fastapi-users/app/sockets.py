"""Socket.IO with `auth: {token}`: checked at the handshake, and a socket lives no longer than its token."""

import asyncio
import time
from typing import Any

import socketio
from socketio.exceptions import ConnectionRefusedError as Refused
from sqlalchemy import select

from .database import open_session
from .refresh import LIVE, AuthSession, read_claims, session_ended_listeners
from .settings import get_settings

settings = get_settings()
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=settings.allowed_origins or None)
_expiries: dict[str, asyncio.TimerHandle] = {}


async def verify(token: object) -> dict[str, Any] | str:
    """The token's claims, or the code that says what is wrong with it."""
    if not isinstance(token, str):
        return "TOKEN_INVALID"
    claims = read_claims(token, settings)
    if claims is None:
        return "TOKEN_EXPIRED" if read_claims(token, settings, allow_expired=True) else "TOKEN_INVALID"
    async with open_session() as db:
        alive = await db.scalar(select(AuthSession.id).where(AuthSession.id == claims["sid"], *LIVE))
    return claims if alive else "TOKEN_INVALID"


def disconnect_when_expired(socket_id: str, expires_at: float) -> None:
    if socket_id in _expiries:
        _expiries.pop(socket_id).cancel()

    def expire() -> None:
        _expiries.pop(socket_id, None)
        sio.start_background_task(sio.disconnect, socket_id)

    _expiries[socket_id] = asyncio.get_running_loop().call_later(max(0, expires_at - time.time()), expire)


@sio.event
async def connect(socket_id: str, _environ: dict[str, Any], auth: dict[str, Any] | None = None) -> None:
    claims = await verify(auth.get("token") if isinstance(auth, dict) else None)
    if isinstance(claims, str):
        raise Refused("The access token was refused.", {"code": claims})
    await sio.save_session(socket_id, claims)
    await sio.enter_room(socket_id, f"session:{claims['sid']}")
    disconnect_when_expired(socket_id, claims["exp"])


@sio.on("auth:renew")
async def renew(socket_id: str, message: object) -> dict[str, Any]:
    token = message.get("token") if isinstance(message, dict) else message
    claims, known = await verify(token), await sio.get_session(socket_id)
    if isinstance(claims, str):
        return {"ok": False, "code": claims}
    if (claims["sub"], claims["sid"]) != (known["sub"], known["sid"]):
        return {"ok": False, "code": "TOKEN_INVALID"}
    await sio.save_session(socket_id, claims)
    disconnect_when_expired(socket_id, claims["exp"])
    return {"ok": True, "expires_in": max(0, int(claims["exp"] - time.time()))}


@sio.event
async def disconnect(socket_id: str, _reason: str) -> None:
    if socket_id in _expiries:
        _expiries.pop(socket_id).cancel()


@sio.on("whoami")
async def whoami(socket_id: str) -> dict[str, Any]:
    """An event of the app's own, for somebody who is signed in."""
    claims = await sio.get_session(socket_id)
    return {"subject": claims["sub"]}


async def disconnect_session(session_id: str) -> None:
    for socket_id, _ in list(sio.manager.get_participants("/", f"session:{session_id}")):
        await sio.disconnect(socket_id)


session_ended_listeners.append(disconnect_session)
