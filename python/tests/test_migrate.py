"""The one move from fastapi-users' own tokens to sessions."""

import uuid
from datetime import datetime, timedelta, timezone

import pytest
from fastapi_users.jwt import generate_jwt

from .site import PAGE, SECRET, Caller, OpenCaller, OpenSite, bearer


def stock_token(subject: str, lifetime_seconds: int = 3600) -> str:
    return generate_jwt({"sub": subject, "aud": ["fastapi-users:auth"]}, SECRET, lifetime_seconds)


def in_an_hour() -> datetime:
    return datetime.now(timezone.utc) + timedelta(hours=1)


@pytest.fixture
async def moving(open_site: OpenSite, open_caller: OpenCaller) -> Caller:
    return open_caller(PAGE, at=await open_site(stock_tokens_until=in_an_hour()))


async def test_a_token_of_the_stock_app_becomes_a_session_of_the_same_user(moving: Caller, ada: str) -> None:
    subject = (await moving.sign_in(ada))["subject"]
    await moving.post("/jwt/logout")
    moved = await moving.post("/jwt/migrate", headers=bearer(stock_token(subject)))
    assert moved.json()["subject"] == subject
    assert (await moving.refresh()).json()["session"]["id"] == moved.json()["session"]["id"]


async def test_no_other_token_does(moving: Caller, ada: str) -> None:
    here = await moving.sign_in(ada)
    refused = [here["access_token"], stock_token(here["subject"], -10), stock_token(str(uuid.uuid4())), "nonsense"]
    for token in refused:
        assert (await moving.post("/jwt/migrate", headers=bearer(token))).status_code == 401, token


async def test_nor_does_one_after_its_time_or_where_nobody_asked_for_it(
    page: Caller, open_site: OpenSite, open_caller: OpenCaller, ada: str
) -> None:
    subject = (await page.sign_in(ada))["subject"]
    over = open_caller(PAGE, at=await open_site(stock_tokens_until=datetime.now(timezone.utc)))
    for caller in (page, over):
        assert (await caller.post("/jwt/migrate", headers=bearer(stock_token(subject)))).status_code == 404
