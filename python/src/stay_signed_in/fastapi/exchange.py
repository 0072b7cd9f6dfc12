"""One request to the endpoints of sessions, and the answer that is being made to it."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy
from fastapi import Request, Response

from .audit import AuditEventType, client_address, user_agent
from .binding import give_nonce, require_key
from .cookies import refresh_cookie
from .origin import Transport, find_transport, public_address
from .session_row import SessionRow
from .sessions import Presented, Sessions

if TYPE_CHECKING:
    from .backend import SessionBackend


class Exchange:
    def __init__(
        self, backend: "SessionBackend[Any, Any]", sessions: Sessions, request: Request, response: Response
    ) -> None:
        self.backend, self.sessions, self.request, self.response = backend, sessions, request, response
        self.settings = backend.settings
        self.address = public_address(request, self.settings)
        self.cookie = refresh_cookie(request, self.address, self.settings)
        give_nonce(self)
        self._own = self.cookie.own(request.cookies)
        self._former = self.cookie.moved(request.cookies)

    @property
    def wants_body(self) -> bool:
        return self.request.headers.get("auth-transport") == "body"

    @property
    def caller(self) -> str:
        return client_address(self.request)

    @property
    def cookie_values(self) -> list[str]:
        return [*self._own.values(), *self._former.values()]

    def find_transport(self, *, asks_body: bool) -> Transport:
        return find_transport(self.request, self.settings, asks_body=asks_body)

    async def presented_in_cookie(self) -> list[Presented]:
        return await self.sessions.presented(self.cookie_values, "cookie")

    async def start(
        self,
        user: Any,
        transport: Transport,
        *,
        authenticated: bool,
        above: int = 0,
        client_name: str | None = None,
        bound_key: str | None = None,
    ) -> SessionRow:
        """A new session, over those that the request presents; ``bound_key`` is the one that the request has proved."""
        require_key(self, transport, bound_key)
        presented = await self.presented_in_cookie() if transport == "cookie" else []
        row = await self.sessions.start(
            user,
            transport,
            authenticated=authenticated,
            user_agent=user_agent(self.request),
            replaces=[each.row for each in presented],
            above=above,
            client_name=client_name,
            bound_key=bound_key,
        )
        # An app whose sessions expire on commit would find its user empty in the hooks that follow.
        if sqlalchemy.inspect(user).expired:
            await self.sessions.db.refresh(user)
        return row

    def answer(self, row: SessionRow, is_guest: bool, *, hands_out: bool = True) -> dict[str, Any]:
        """The token answer: the refresh token goes into a cookie or into the body, never into both."""
        token, lifetime = self.backend.access_tokens.sign(row, is_guest)
        _, expires_at = row.coarse_times(self.settings.refresh_token_lifetime_seconds * 1000)
        idle_seconds = max(1, (expires_at - row.now) // 1000)
        session = {
            "id": row.id,
            "number": row.number,
            "expires_in": idle_seconds,
            "ends_in": (row.absolute_expires_at - row.now) // 1000,
        }
        body = {"access_token": token, "token_type": "bearer", "expires_in": lifetime, "session": session}
        body["subject"] = str(row.user_id)
        if not hands_out or row.transport == "none":
            return body
        refresh_token = self.backend.refresh_tokens.make(row, row.counter)
        if row.transport == "body":
            return body | {"refresh_token": refresh_token}
        self.response.headers.append("set-cookie", self.cookie.write(row.id, refresh_token, idle_seconds))
        return body

    def clear_cookies(
        self, proven: Sequence[Presented], *, but: str | None = None, only: Collection[str] | None = None
    ) -> None:
        """Clears our own cookies, and proven former ones: all, all `but` one session's, or `only` those of some."""
        genuine = self._genuine_former(proven)
        shorts = None if only is None else {each[:8] for each in only}
        for name in [*self._own, *genuine]:
            short = name[-8:]
            is_kept = but is not None and name == self.cookie.name_for(but)
            if not is_kept and (shorts is None or short in shorts):
                self.response.headers.append("set-cookie", self.cookie.clear(name))

    def _genuine_former(self, proven: Sequence[Presented]) -> list[str]:
        ids = {each.row.id[:8] for each in proven}
        return [name for name in self._former if name[-8:] in ids]

    async def end(self, ids: Sequence[str]) -> None:
        if ids:
            ended = await self.sessions.end(self.sessions.table.c.id.in_(ids))
            self.backend.listeners.announce(ended)

    def audit(self, type_: AuditEventType, **fields: str | None) -> None:
        self.backend.listeners.audit(type_, self.request, **fields)
