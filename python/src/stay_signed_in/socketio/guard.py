"""Sockets of people who are signed in: checked at the handshake, and none lives longer than what let it in."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import socketio
from socketio.exceptions import ConnectionRefusedError as Refused

from ..fastapi.access_tokens import AccessToken, AccessTokenError
from ..fastapi.audit import Ended, Listeners, logger


class TokenVerifier(Protocol):
    """What a :class:`stay_signed_in.fastapi.SessionBackend` is to the guard."""

    @property
    def listeners(self) -> Listeners: ...

    async def verify(self, token: object, *, check_session: bool = True) -> AccessToken: ...

    async def accepts(self, tokens: Sequence[AccessToken]) -> list[bool]: ...


@dataclass(frozen=True)
class _Socket:
    token: AccessToken
    namespace: str
    renewed_at: float = 0.0
    has_ended: bool = False


class SocketGuard:
    """Lets sockets in with ``auth: {token}`` and ends them with their token, their session, or their user.

    It registers the event ``auth:renew``, by which a client replaces the token of a socket without connecting anew, and
    leaves ``connect`` and ``disconnect`` to the app::

        guard = SocketGuard(sio, backend)

        @sio.event
        async def connect(sid, environ, auth):
            token = await guard.accept(sid, auth)
            await sio.enter_room(sid, f"user:{token.subject}")

    What ends in this process disconnects its sockets at once. What ends elsewhere (another worker, SQL by hand) is
    found within ``check_seconds``.
    """

    def __init__(
        self,
        sio: socketio.AsyncServer,
        backend: TokenVerifier,
        *,
        namespaces: Iterable[str] = ("/",),
        check_seconds: float = 30,
    ) -> None:
        self._sio, self._backend, self._check_seconds = sio, backend, check_seconds
        self._sockets: dict[str, _Socket] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._checking: asyncio.Task[None] | None = None
        for namespace in namespaces:
            self._listen(namespace)
        backend.listeners.on_session_ended(self._end_session)
        backend.listeners.user_changed.append(self._check_user)

    def _listen(self, namespace: str) -> None:
        async def renew(sid: str, message: object = None) -> dict[str, Any]:
            return await self.renew(sid, message)

        self._sio.on("auth:renew", renew, namespace=namespace)

    async def accept(self, sid: str, auth: object, namespace: str = "/") -> AccessToken:
        """Who connects; call it first in the app's ``connect``.

        :raises socketio.exceptions.ConnectionRefusedError: with ``{"code": "TOKEN_EXPIRED" | "TOKEN_INVALID"}``, for
            the client to see. Let it pass.
        """
        text = auth.get("token") if isinstance(auth, dict) else None
        # Known before the session is looked at: if it ends meanwhile, that is not missed.
        try:
            unchecked = await self._backend.verify(text, check_session=False)
            self._sockets[sid] = _Socket(unchecked, namespace)
            token = await self._backend.verify(text)
            if self._sockets[sid].has_ended:
                raise AccessTokenError("TOKEN_INVALID")
        except AccessTokenError as error:
            self._sockets.pop(sid, None)
            raise Refused(str(error), {"code": error.code}) from None
        self._expire_with(sid, token)
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check_regularly())
        return token

    def token_of(self, sid: str) -> AccessToken:
        """What the socket was let in with, or has been renewed by. :raises KeyError: it was not let in."""
        return self._sockets[sid].token

    async def renew(self, sid: str, message: object) -> dict[str, Any]:
        """A newer token of the same person and session, at most once a second."""
        known = self._sockets.get(sid)
        if known is None:
            return {"ok": False, "code": "TOKEN_INVALID"}
        if time.monotonic() - known.renewed_at < 1:
            return {"ok": False, "code": "TOO_MANY_RENEWALS"}
        self._sockets[sid] = replace(known, renewed_at=time.monotonic())
        try:
            token = await self._backend.verify(message.get("token") if isinstance(message, dict) else message)
        except AccessTokenError as error:
            return {"ok": False, "code": error.code}
        if (token.subject, token.session_id) != (known.token.subject, known.token.session_id):
            return {"ok": False, "code": "TOKEN_INVALID"}
        if token.expires_at >= known.token.expires_at and sid in self._sockets:
            self._sockets[sid] = replace(self._sockets[sid], token=token)
            self._expire_with(sid, token)
        return {"ok": True, "expires_in": max(0, int(token.expires_at - time.time()))}

    def forget(self, sid: str) -> None:
        """Call it in the app's ``disconnect`` if sockets come and go often; else it happens when their token ends."""
        self._sockets.pop(sid, None)
        timer = self._timers.pop(sid, None)
        if timer is not None:
            timer.cancel()

    def _expire_with(self, sid: str, token: AccessToken) -> None:
        timer = self._timers.pop(sid, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        delay = max(0.0, token.expires_at - time.time())
        self._timers[sid] = loop.call_later(delay, lambda: self._backend.listeners.run(lambda: self._disconnect(sid)))

    async def _disconnect(self, sid: str) -> None:
        socket = self._sockets.get(sid)
        if socket is None:
            return
        if sid not in self._timers:
            # Still in its handshake, which then refuses it.
            self._sockets[sid] = replace(socket, has_ended=True)
            return
        self.forget(sid)
        await self._sio.disconnect(sid, namespace=socket.namespace)

    async def _end_session(self, ended: Ended) -> None:
        for sid, socket in list(self._sockets.items()):
            if socket.token.session_id == ended.session_id:
                await self._disconnect(sid)

    async def _check_user(self, user_id: Any) -> None:
        await self._check([sid for sid, socket in self._sockets.items() if socket.token.subject == str(user_id)])

    async def _check(self, sids: Sequence[str]) -> None:
        tokens = [self._sockets[sid].token for sid in sids]
        for sid, is_accepted in zip(sids, await self._backend.accepts(tokens), strict=True):
            if not is_accepted:
                await self._disconnect(sid)

    async def _check_regularly(self) -> None:
        while self._sockets:
            await asyncio.sleep(self._check_seconds)
            for sid, socket in list(self._sockets.items()):
                if sid in self._timers and not self._sio.manager.is_connected(sid, socket.namespace):
                    self.forget(sid)
            try:
                await self._check(list(self._sockets))
            except Exception:
                # A database that is busy or away says nothing about anybody.
                logger.exception("Sockets could not be checked; this is tried again.")
