"""What is said when the app starts and its set-up cannot work."""

import warnings
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID
from pydantic import ValidationError
from sqlalchemy.orm import DeclarativeBase

from stay_signed_in.fastapi import ConfigurationError, RefreshRouter, SessionBackend, SessionSettings

from .site import SECRET, Site, UserRead, UserUpdate, make_site

MEMORY = "sqlite+aiosqlite://"


async def heard(site: Site, app: FastAPI | None = None) -> list[str]:
    target = app or site.app
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with target.router.lifespan_context(target):
            pass
    await site.engine.dispose()
    return [str(each.message) for each in caught if each.category.__name__ == "SessionSetupWarning"]


def router_of(site: Site) -> RefreshRouter:
    async def get_user_manager() -> Any:
        yield None

    return RefreshRouter(site.backend, get_user_manager, UserRead, UserUpdate)


async def test_nothing_is_said_of_what_works() -> None:
    assert await heard(make_site(MEMORY)) == []
    assert await heard(make_site(MEMORY, public_url="https://app.example", token_lifetime_seconds=60)) == []


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"secret": "short"}, "secrets.token_urlsafe(32)"),
        ({"refresh_token_secrets": ["x" * 31]}, "`refresh_token_secrets`"),
        ({"public_url": "http://workstation:8200"}, "`allow_insecure_cookies`"),
        ({"public_url": "workstation:8200"}, "https://app.example"),
        ({"refresh_grace_seconds": 0}, "`refresh_grace_seconds`"),
        ({"refresh_token_lifetime_seconds": 60}, "`token_lifetime_seconds`"),
        ({"allowed_origins": ["https://other.example"]}, "CORSMiddleware"),
    ],
)
async def test_settings_that_cannot_work_together(settings: dict[str, Any], word: str) -> None:
    (message,) = await heard(make_site(MEMORY, **settings))
    assert word in message


async def test_an_insecure_network_that_was_asked_for() -> None:
    assert await heard(make_site(MEMORY, public_url="http://workstation:8200", allow_insecure_cookies=True)) == []


async def test_a_catch_all_page_before_the_router() -> None:
    site, app = make_site(MEMORY), FastAPI()

    @app.get("/{path:path}")
    async def page(path: str) -> str:
        return path

    app.include_router(router_of(site))
    messages = await heard(site, app)
    assert len(messages) == 2 and all("GET /v1/auth/" in each and "catch-all" in each for each in messages)


async def test_fastapi_users_own_users_router_before_it_or_elsewhere() -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("/v1/auth/users", {}),
        ("/users", {}),
        ("/users", {"users_path": "/users"}),
    ]
    for prefix, options in cases:
        site, app = make_site(MEMORY, **options), FastAPI()
        users_router = site.fastapi_users.get_users_router(UserRead, UserUpdate)
        if not options:
            app.include_router(users_router, prefix=prefix)
        app.include_router(router_of(site))
        if options:
            app.include_router(users_router, prefix=prefix)
        messages = await heard(site, app)
        assert any(f"PATCH {prefix}/me is fastapi-users' own" in each for each in messages) is not bool(options)


async def test_a_prefix_in_two_places() -> None:
    site, app = make_site(MEMORY), FastAPI()
    app.include_router(router_of(site), prefix="/v1/auth")
    (message,) = await heard(site, app)
    assert "without a prefix" in message


def test_settings_that_nobody_can_mean() -> None:
    for wrong in (
        {"secrets": "x"},
        {"prefix": "v1/auth"},
        {"prefix": "/v1/auth/"},
        {"guest_address": "guest@example.org"},
        {"service_audience": "fastapi-users:auth"},
        {"token_lifetime_seconds": 0},
        {"secret": ""},
    ):
        with pytest.raises(ValidationError):
            SessionSettings.model_validate({"secret": SECRET} | wrong)


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(SessionSettings.model_validate({"secret": SECRET}))


def test_a_user_without_the_columns_and_a_session_that_cannot_be_opened() -> None:
    class Base(DeclarativeBase):
        pass

    class User(SQLAlchemyBaseUserTableUUID, Base):
        pass

    async def get_async_session() -> Any:
        yield None

    async def from_request(request: Any) -> Any:
        yield None

    settings = SessionSettings.model_validate({"secret": SECRET})
    with pytest.raises(ConfigurationError, match="SessionUserMixin"):
        SessionBackend(User, get_async_session, settings)
    with pytest.raises(ConfigurationError, match="open_session=async_session_maker"):
        SessionBackend(User, from_request, settings)
