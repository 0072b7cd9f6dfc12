"""An app on the package, made anew for each test, and those who call it."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, InvalidPasswordException, UUIDIDMixin, schemas
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from stay_signed_in.fastapi import RefreshRouter, SessionBackend, SessionSettings, SessionUserMixin, SessionUserRead

PREFIX = "/v1/auth"
PASSWORD = "correct horse"
SECRET = "a secret of the tests, longer than 32 bytes"
PAGE = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
PROGRAM = {"auth-transport": "body"}
# As real as any, and quick.
HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


class UserRead(SessionUserRead, schemas.BaseUser[UUID]):
    pass


class UserCreate(schemas.BaseUserCreate):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass


def open_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def configure(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA busy_timeout = 30000")

    return engine


@dataclass
class Site:
    """What a test sees of the app; ``registered`` holds who `on_after_register` was called for."""

    app: FastAPI
    backend: SessionBackend[Any, Any]
    user_model: Any
    user_manager: Any
    fastapi_users: Any
    engine: AsyncEngine
    registered: list[str] = field(default_factory=list)

    async def change_session(self, session_id: str, **values: Any) -> None:
        sessions = self.backend.schema.tables.sessions
        async with self.engine.begin() as connection:
            await connection.execute(update(sessions).where(sessions.c.id == session_id).values(**values))

    async def let_grace_pass(self, session_id: str) -> None:
        sessions = self.backend.schema.tables.sessions.c
        past = {"rotated_at": sessions.rotated_at - 31_000, "repeated_at": sessions.repeated_at - 31_000}
        await self.change_session(session_id, **past)

    async def change_user(self, email: str, **values: Any) -> None:
        """As SQL by hand would: past the ORM."""
        async with self.engine.begin() as connection:
            users = self.user_model.__table__
            await connection.execute(update(users).where(users.c.email == email).values(**values))


def make_site(
    url: str, *, expire_on_commit: bool = False, router_options: dict[str, Any] | None = None, **settings: Any
) -> Site:
    class Base(DeclarativeBase):
        pass

    class User(SessionUserMixin, SQLAlchemyBaseUserTableUUID, Base):
        pass

    engine = open_engine(url)
    session_maker = async_sessionmaker(engine, expire_on_commit=expire_on_commit)
    registered: list[str] = []

    async def get_async_session() -> AsyncGenerator[AsyncSession, None]:
        async with session_maker() as session:
            yield session

    async def get_user_db(session: AsyncSession = Depends(get_async_session)) -> AsyncGenerator[Any, None]:
        yield SQLAlchemyUserDatabase(session, User)

    class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):
        reset_password_token_secret = verification_token_secret = SECRET

        async def validate_password(self, password: str, user: Any) -> None:
            if "forbidden" in password:
                raise InvalidPasswordException("The app does not like it.")

        async def on_after_register(self, user: Any, request: Any = None) -> None:
            registered.append(user.email)

        async def on_after_login(self, user: Any, request: Any = None, response: Any = None) -> None:
            assert user.email

    async def get_user_manager(user_db: Any = Depends(get_user_db)) -> AsyncGenerator[Any, None]:
        yield UserManager(user_db, PasswordHelper(HASHER))

    given = {"secret": SECRET, "prefix": PREFIX} | settings
    backend = SessionBackend[User, UUID](User, get_async_session, SessionSettings(**given))
    fastapi_users = FastAPIUsers[User, UUID](get_user_manager, [backend])

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield

    app = FastAPI(lifespan=lifespan)
    router = RefreshRouter(backend, get_user_manager, UserRead, UserUpdate, UserCreate, **(router_options or {}))
    app.include_router(router)
    users_router = fastapi_users.get_users_router(UserRead, UserUpdate)
    app.include_router(users_router, prefix=f"{backend.settings.prefix}/users")

    current_user = fastapi_users.current_user(active=True)

    @app.get("/notes")
    async def notes(user: User = Depends(current_user)) -> dict[str, str]:
        return {"owner": str(user.id)}

    return Site(app, backend, User, UserManager, fastapi_users, engine, registered)


class Caller:
    """Sends requests to the app in process: a page with a cookie jar, or a program."""

    def __init__(self, site: Site, headers: dict[str, str], base_url: str, address: str) -> None:
        transport = httpx.ASGITransport(app=site.app, client=(address, 50_000), raise_app_exceptions=False)
        self.site = site
        self.client = httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers)
        self.prefix = site.backend.settings.prefix

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.post(f"{self.prefix}{path}", **options)

    async def patch_me(self, token: str, **change: Any) -> httpx.Response:
        return await self.client.patch(f"{self.prefix}/users/me", json=change, headers=bearer(token))

    async def register(self, email: str) -> httpx.Response:
        return await self.post("/register", json={"email": email, "password": PASSWORD})

    async def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        answer = await self.post("/jwt/login", data={"username": email, "password": password})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, **options: Any) -> httpx.Response:
        return await self.post("/jwt/refresh", **options)

    async def present(self, token: str) -> tuple[int, Any]:
        """A refresh with this refresh token in the body."""
        answer = await self.refresh(json={"refresh_token": token})
        return answer.status_code, answer.json()

    async def me(self, token: str) -> httpx.Response:
        return await self.client.get(f"{self.prefix}/users/me", headers=bearer(token))

    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def code_of(answer: httpx.Response) -> str:
    detail = answer.json()["detail"]
    return str(detail["code"] if isinstance(detail, dict) else detail)


def some_address() -> str:
    return f"ada-{os.urandom(4).hex()}@example.org"


OpenCaller = Callable[..., Caller]
OpenSite = Callable[..., Any]
