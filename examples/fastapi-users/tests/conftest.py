import os
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import Any

# Before the app is imported: it reads its settings then.
folder = tempfile.mkdtemp(prefix="fastapi-users-example-")
os.environ["SECRET"] = "a secret of the tests, longer than 32 bytes"
os.environ.setdefault("DATABASE_URL", f"sqlite+aiosqlite:///{folder}/app.sqlite")

import httpx
import pytest
from sqlalchemy import update

from app.database import create_tables, get_engine, open_session
from app.main import app
from app.refresh import AuthSession
from app.settings import Settings, get_settings

PREFIX = "/v1/auth"
PASSWORD = "correct horse"


class Caller:
    """Sends requests to the app in process: a page with a cookie jar, or a program."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.post(f"{PREFIX}{path}", **options)

    async def register(self, email: str) -> httpx.Response:
        return await self.post("/register", json={"email": email, "password": PASSWORD})

    async def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        answer = await self.post("/jwt/login", data={"username": email, "password": password})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, **options: Any) -> httpx.Response:
        return await self.post("/jwt/refresh", **options)

    async def me(self, token: str) -> httpx.Response:
        return await self.client.get(f"{PREFIX}/users/me", headers={"authorization": f"Bearer {token}"})

    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}


@pytest.fixture
async def database() -> AsyncIterator[None]:
    await create_tables()
    yield
    await get_engine().dispose()
    get_engine.cache_clear()


OpenCaller = Callable[..., Caller]


@pytest.fixture
async def open_caller(database: None) -> AsyncIterator[OpenCaller]:
    clients: list[httpx.AsyncClient] = []

    def open_one(headers: dict[str, str], base_url: str = "http://localhost") -> Caller:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base_url, headers=headers)
        clients.append(client)
        return Caller(client)

    yield open_one
    for client in clients:
        await client.aclose()


@pytest.fixture
def page(open_caller: OpenCaller) -> Caller:
    return open_caller({"origin": "http://localhost", "sec-fetch-site": "same-origin"})


@pytest.fixture
def program(open_caller: OpenCaller) -> Caller:
    return open_caller({"auth-transport": "body"})


@pytest.fixture
async def ada(page: Caller) -> str:
    email = f"ada-{os.urandom(4).hex()}@example.org"
    assert (await page.register(email)).status_code == 201
    return email


@pytest.fixture
def settings() -> Any:
    """The settings, to be changed for one test."""
    changed = get_settings().model_copy()
    app.dependency_overrides[get_settings] = lambda: changed
    yield changed
    app.dependency_overrides.clear()


async def change_session(session_id: str, **values: Any) -> None:
    async with open_session() as db:
        await db.execute(update(AuthSession).where(AuthSession.id == session_id).values(**values))
        await db.commit()


async def let_grace_pass(session_id: str) -> None:
    await change_session(session_id, rotated_at=AuthSession.rotated_at - 31_000)


__all__ = ["PASSWORD", "PREFIX", "Caller", "OpenCaller", "Settings", "change_session", "let_grace_pass"]
