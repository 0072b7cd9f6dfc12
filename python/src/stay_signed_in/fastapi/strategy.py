"""How tokens are read, written and destroyed for fastapi-users."""

from typing import TYPE_CHECKING, Any, cast

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi_users import BaseUserManager, models
from fastapi_users.authentication import Strategy
from sqlalchemy import select

from .access_tokens import AccessTokenError
from .audit import user_agent
from .exchange import Exchange
from .sessions import Sessions

if TYPE_CHECKING:
    from .backend import SessionBackend


class SessionStrategy(Strategy[models.UP, models.ID]):
    def __init__(self, backend: "SessionBackend[models.UP, models.ID]", sessions: Sessions, request: Request) -> None:
        self.backend, self.sessions, self.request = backend, sessions, request

    async def read_token(
        self, token: str | None, user_manager: BaseUserManager[models.UP, models.ID]
    ) -> models.UP | None:
        try:
            read = self.backend.access_tokens.read(token)
        except AccessTokenError:
            return None
        if not await self.sessions.accepts(read):
            return None
        users: Any = self.backend.user_model
        try:
            user_id = user_manager.parse_id(read.subject)
        except Exception:
            return None
        found = await self.sessions.db.scalars(select(users).where(users.id == user_id))
        return cast("models.UP | None", found.unique().one_or_none())

    async def write_token(self, user: models.UP) -> str:
        """An access token of a new session that cannot be refreshed: whoever calls this has no answer for a cookie."""
        row = await self.sessions.start(user, "none", authenticated=True, user_agent=user_agent(self.request))
        is_guest: bool = cast(Any, user).is_guest
        return self.backend.access_tokens.sign(row, is_guest)[0]

    async def destroy_token(self, token: str, user: models.UP) -> None:
        try:
            read = self.backend.access_tokens.read(token, allow_expired=True)
        except AccessTokenError:
            return
        if read.session_id is not None:
            ended = await self.sessions.end(self.sessions.table.c.id == read.session_id)
            self.backend.listeners.announce(ended)

    async def sign_in(self, user: models.UP) -> Response:
        """The answer of a sign-in by other means, such as an OAuth callback: with the refresh token in the cookie."""
        headers = Response()
        exchange = Exchange(self.backend, self.sessions, self.request, headers)
        # A callback is a navigation from the provider's site, which only its `state` can vouch for.
        is_navigation = self.request.method == "GET"
        transport = "cookie" if is_navigation else exchange.find_transport(asks_body=exchange.wants_body)
        is_guest: bool = cast(Any, user).is_guest
        row = await exchange.start(user, transport, authenticated=True)
        answer = JSONResponse(exchange.answer(row, is_guest))
        answer.raw_headers += [pair for pair in headers.raw_headers if pair[0] == b"set-cookie"]
        return answer
