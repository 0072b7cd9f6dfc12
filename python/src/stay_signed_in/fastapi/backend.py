"""The authentication backend for fastapi-users whose tokens belong to sessions."""

import inspect
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import sqlalchemy
from fastapi import Depends, Request, Response
from fastapi_users import models
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, Strategy
from sqlalchemy.ext.asyncio import AsyncSession

from .access_tokens import AccessToken, AccessTokenError, AccessTokens
from .audit import Listeners
from .dpop import Nonces
from .errors import ConfigurationError
from .refresh_tokens import RefreshTokens
from .sessions import Schema, Sessions
from .settings import SessionSettings
from .strategy import SessionStrategy
from .tables import define_tables
from .user import watch_users

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class SessionBackend(AuthenticationBackend[models.UP, models.ID]):
    """Put it where ``AuthenticationBackend("jwt", …)`` was: ``FastAPIUsers[User, UUID](get_user_manager, [backend])``.

    ``current_user`` and its kin then take access tokens whose session lives, and service tokens. Nothing of the app is
    imported: it gets the user model (with :class:`SessionUserMixin`), the dependency that yields an ``AsyncSession``,
    and the settings. The tables of sessions join the user's own metadata.

    ``open_session`` opens a database session outside of requests (for sockets and listeners): the app's
    ``async_sessionmaker``. It is needed only where ``get_async_session`` has dependencies of its own.

    :raises ConfigurationError: the user lacks the columns, or ``open_session`` is needed.
    """

    def __init__(
        self,
        user_model: type[models.UP],
        get_async_session: Callable[..., AsyncGenerator[AsyncSession, None]],
        settings: SessionSettings,
        *,
        open_session: OpenSession | None = None,
        name: str = "jwt",
    ) -> None:
        self.settings = settings
        self.user_model = user_model
        self.get_async_session = get_async_session
        self.open_session = open_session or _opener_of(get_async_session)
        self.listeners = Listeners()
        self.access_tokens = AccessTokens(settings)
        self.refresh_tokens = RefreshTokens(settings)
        self.nonces = Nonces(settings)
        mapper: Any = sqlalchemy.inspect(user_model)
        users = mapper.columns
        if "credential_version" not in users or "is_guest" not in users:
            raise ConfigurationError(
                f"{user_model.__name__} lacks the columns of sessions: derive it from SessionUserMixin first, "
                f"`class {user_model.__name__}(SessionUserMixin, …)`."
            )
        metadata: Any = user_model
        self.schema = Schema(define_tables(metadata.metadata, users["id"].type), users)
        watch_users(user_model, self._user_changed)

        def get_strategy(
            request: Request, db: AsyncSession = Depends(get_async_session)
        ) -> Strategy[models.UP, models.ID]:
            return SessionStrategy(self, self.sessions(db), request)

        super().__init__(name, BearerTransport(f"{settings.prefix.lstrip('/')}/jwt/login"), get_strategy)

    #: ``@backend.on_session_ended``: called with each ended session, after its transaction and outside of any request.
    @property
    def on_session_ended(self) -> Callable[[Any], Any]:
        return self.listeners.on_session_ended

    #: ``@backend.on_audit``: called with each :class:`AuditEvent`, outside of any request.
    @property
    def on_audit(self) -> Callable[[Any], Any]:
        return self.listeners.on_audit

    def sessions(self, db: AsyncSession) -> Sessions:
        return Sessions(db, self.schema, self.settings, self.refresh_tokens)

    async def login(self, strategy: Strategy[models.UP, models.ID], user: models.UP) -> Response:
        """Signs `user` in and answers with the tokens: what fastapi-users' OAuth router calls after its callback."""
        if not isinstance(strategy, SessionStrategy):
            raise ConfigurationError("This backend signs in by its own strategy only.")
        return await strategy.sign_in(user)

    async def verify(self, token: object, *, check_session: bool = True) -> AccessToken:
        """For guards that decode tokens themselves: what a good token says, a session's or a service token.

        With ``check_session=False`` no database is asked, and a session that ended counts until its token expires.

        :raises AccessTokenError: ``TOKEN_EXPIRED`` or ``TOKEN_INVALID``.
        """
        read = self.access_tokens.read(token)
        if check_session and not all(await self.accepts([read])):
            raise AccessTokenError("TOKEN_INVALID")
        return read

    async def accepts(self, tokens: Sequence[AccessToken]) -> list[bool]:
        """Of each token that was good once: whether its session, or for a service token its user, is still there."""
        async with self.open_session() as db:
            sessions = self.sessions(db)
            return [await sessions.accepts(token) for token in tokens]

    def issue_service_token(self, user: models.UP, lifetime_seconds: int, **claims: Any) -> str:
        """An access token without a session, for a worker, a command line or an impersonation.

        It has an audience of its own, cannot be refreshed, and ends with its time, with the user's password, and when
        the user is deactivated or deleted. `claims` are added to it.
        """
        if lifetime_seconds <= 0:
            raise ValueError("A service token needs a lifetime of at least one second.")
        row: Any = user
        return self.access_tokens.sign_service(str(user.id), row.credential_version, lifetime_seconds, claims)

    async def end_sessions(self, user_id: models.ID) -> None:
        """Ends all sessions of a user, for example after SQL that passed the ORM by; their sockets are disconnected."""
        async with self.open_session() as db:
            sessions = self.sessions(db)
            self.listeners.announce(await sessions.end(sessions.table.c.user_id == user_id))

    def _user_changed(self, user_id: Any) -> None:
        async def end_outdated() -> None:
            async with self.open_session() as db:
                sessions = self.sessions(db)
                outdated = (sessions.table.c.user_id == user_id, ~self.schema.same_user)
                self.listeners.announce(await sessions.end(*outdated))
            for listener in self.listeners.user_changed:
                await listener(user_id)

        self.listeners.run(end_outdated)


def _opener_of(get_async_session: Callable[..., AsyncGenerator[AsyncSession, None]]) -> OpenSession:
    needed = [
        name
        for name, parameter in inspect.signature(get_async_session).parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and (parameter.default is parameter.empty or type(parameter.default).__module__.startswith("fastapi"))
    ]
    if needed:
        raise ConfigurationError(
            f"`get_async_session` takes {', '.join(needed)}, so it cannot be called outside of a request. "
            "Pass `open_session=async_session_maker`, whatever opens an AsyncSession as a context manager."
        )
    return asynccontextmanager(get_async_session)
