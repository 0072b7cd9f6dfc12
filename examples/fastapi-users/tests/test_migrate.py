"""The one move from the stock app's tokens."""

import uuid

from fastapi_users.jwt import generate_jwt

from app.settings import get_settings

from .conftest import Caller


def stock_token(subject: str, lifetime_seconds: int = 3600) -> str:
    data = {"sub": subject, "aud": ["fastapi-users:auth"]}
    return generate_jwt(data, get_settings().secret, lifetime_seconds)


async def test_a_token_of_the_stock_app_becomes_a_session_of_the_same_user(page: Caller, ada: str) -> None:
    subject = (await page.sign_in(ada))["subject"]
    await page.post("/jwt/logout")
    bearer = {"authorization": f"Bearer {stock_token(subject)}"}
    moved = await page.post("/jwt/migrate", headers=bearer)
    assert moved.json()["subject"] == subject
    assert (await page.refresh()).json()["session"] == moved.json()["session"]


async def test_no_other_token_does(page: Caller, ada: str) -> None:
    here = await page.sign_in(ada)
    refused = [here["access_token"], stock_token(here["subject"], -10), stock_token(str(uuid.uuid4())), "nonsense", ""]
    for token in refused:
        answer = await page.post("/jwt/migrate", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token
