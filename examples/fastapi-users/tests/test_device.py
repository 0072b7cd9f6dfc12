"""PROTOCOL.md, "Device grant"."""

import asyncio
from typing import Any

import httpx
from sqlalchemy import update

from app.database import open_session
from app.device import DeviceCode, hash_code

from .conftest import PASSWORD, Caller, change_session

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def ask(program: Caller) -> Any:
    return (await program.post("/device/code", data={"client_id": "tests"})).json()


async def poll(program: Caller, code: Any) -> httpx.Response:
    form = {"grant_type": GRANT, "device_code": code["device_code"], "client_id": "tests"}
    return await program.post("/device/token", data=form)


async def answer(page: Caller, token: str, verdict: str, user_code: str, **fields: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return await page.post(f"/device/{verdict}", json={"user_code": user_code, **fields}, headers=headers)


async def test_an_approved_code_becomes_one_session_however_often_it_is_redeemed(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    assert (await poll(program, code)).json() == {"error": "authorization_pending"}
    assert (await poll(program, code)).json() == {"error": "slow_down"}
    assert (await answer(page, here["access_token"], "approve", code["user_code"])).status_code == 204
    redeemed = [each.json() for each in await asyncio.gather(*(poll(program, code) for _ in range(5)))]
    assert len({each["session"]["id"] for each in redeemed}) == 1
    assert redeemed[0]["subject"] == here["subject"] and redeemed[0]["session"] != here["session"]
    assert (await program.refresh(json={"refresh_token": redeemed[0]["refresh_token"]})).status_code == 200
    async with open_session() as db:
        where = DeviceCode.code_hash == hash_code(code["device_code"])
        await db.execute(update(DeviceCode).where(where).values(redeemed_at=DeviceCode.redeemed_at - 31_000))
        await db.commit()
    assert (await poll(program, code)).json() == {"error": "invalid_grant"}


async def test_a_denied_a_foreign_and_an_expired_code_are_worth_nothing(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    assert (await answer(page, here["access_token"], "deny", code["user_code"])).status_code == 204
    assert (await poll(program, code)).json() == {"error": "access_denied"}
    assert (await poll(program, {"device_code": "nonsense"})).json() == {"error": "invalid_grant"}
    old = await ask(program)
    async with open_session() as db:
        await db.execute(update(DeviceCode).where(DeviceCode.status == "pending").values(expires_at=1))
        await db.commit()
    assert (await poll(program, old)).json() == {"error": "expired_token"}
    expired = await answer(page, here["access_token"], "approve", old["user_code"])
    assert (expired.status_code, expired.json()["detail"]) == (410, "DEVICE_CODE_EXPIRED")


async def test_a_code_counts_only_while_the_session_that_approved_it_lives(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    await answer(page, here["access_token"], "approve", code["user_code"])
    await page.post("/jwt/logout")
    assert (await poll(program, code)).json() == {"error": "invalid_grant"}


async def test_approving_needs_a_fresh_sign_in_or_the_password(page: Caller, program: Caller, ada: str) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    await change_session(here["session"]["id"], authenticated_at=1)
    for fields in ({}, {"password": "wrong password"}):
        refused = await answer(page, here["access_token"], "approve", code["user_code"], **fields)
        assert (refused.status_code, refused.json()["detail"]) == (403, "REAUTHENTICATION_REQUIRED")
    assert (
        await answer(page, here["access_token"], "approve", code["user_code"], password=PASSWORD)
    ).status_code == 204


async def test_guessing_codes_is_limited(page: Caller, ada: str) -> None:
    token = (await page.sign_in(ada))["access_token"]
    answers = [(await answer(page, token, "lookup", "BBBB-BBBB")).status_code for _ in range(6)]
    assert answers == [404] * 5 + [429]


async def test_the_page_cannot_be_framed(page: Caller) -> None:
    shown = await page.client.get("/device")
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
