"""PROTOCOL.md, "Device grant"."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from stay_signed_in.fastapi.device_codes import hash_code

from .site import PASSWORD, Caller, OpenCaller, code_of

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def ask(program: Caller) -> Any:
    return (await program.post("/device/code", data={"client_id": "tests"})).json()


async def poll(program: Caller, code: Any) -> httpx.Response:
    form = {"grant_type": GRANT, "device_code": code["device_code"], "client_id": "tests"}
    return await program.post("/device/token", data=form)


async def answer(page: Caller, token: str, verdict: str, user_code: str, **fields: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return await page.post(f"/device/{verdict}", json={"user_code": user_code, **fields}, headers=headers)


async def change_code(program: Caller, code: Any, **values: Any) -> None:
    codes = program.site.backend.schema.tables.device_codes
    async with program.site.engine.begin() as connection:
        where = codes.c.code_hash == hash_code(code["device_code"])
        await connection.execute(update(codes).where(where).values(**values))


async def test_an_approved_code_becomes_one_session_however_often_it_is_redeemed(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    assert (await poll(program, code)).json() == {"error": "authorization_pending"}
    assert (await poll(program, code)).json() == {"error": "slow_down"}
    assert (
        await answer(page, here["access_token"], "approve", code["user_code"], password=PASSWORD)
    ).status_code == 204
    redeemed = [each.json() for each in await asyncio.gather(*(poll(program, code) for _ in range(5)))]
    assert len({each["session"]["id"] for each in redeemed}) == 1
    assert redeemed[0]["subject"] == here["subject"] and redeemed[0]["session"]["id"] != here["session"]["id"]
    assert (await program.refresh(json={"refresh_token": redeemed[0]["refresh_token"]})).status_code == 200
    await change_code(program, code, redeemed_at=1)
    assert (await poll(program, code)).json() == {"error": "invalid_grant"}


async def test_a_denied_a_foreign_and_an_expired_code_are_worth_nothing(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    assert (await answer(page, here["access_token"], "deny", code["user_code"])).status_code == 204
    assert (await poll(program, code)).json() == {"error": "access_denied"}
    assert (await poll(program, {"device_code": "nonsense"})).json() == {"error": "invalid_grant"}
    old = await ask(program)
    await change_code(program, old, expires_at=1)
    assert (await poll(program, old)).json() == {"error": "expired_token"}
    expired = await answer(page, here["access_token"], "approve", old["user_code"])
    assert (expired.status_code, code_of(expired)) == (410, "DEVICE_CODE_EXPIRED")


async def test_a_code_counts_only_while_the_session_that_approved_it_lives(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    await answer(page, here["access_token"], "approve", code["user_code"], password=PASSWORD)
    await page.post("/jwt/logout")
    assert (await poll(program, code)).json() == {"error": "invalid_grant"}


# X01
async def test_approving_needs_the_password_however_fresh_the_sign_in_is(
    page: Caller, program: Caller, ada: str
) -> None:
    here, code = await page.sign_in(ada), await ask(program)
    for fields in ({}, {"password": "wrong password"}):
        refused = await answer(page, here["access_token"], "approve", code["user_code"], **fields)
        assert (refused.status_code, code_of(refused)) == (403, "REAUTHENTICATION_REQUIRED")
    assert (
        await answer(page, here["access_token"], "approve", code["user_code"], password=PASSWORD)
    ).status_code == 204


async def test_guessing_codes_is_limited(page: Caller, ada: str) -> None:
    token = (await page.sign_in(ada))["access_token"]
    answers = [(await answer(page, token, "lookup", "BBBB-BBBB")).status_code for _ in range(6)]
    assert answers == [404] * 5 + [429]


# X10
async def test_throw_away_guests_of_one_address_share_its_limit(open_caller: OpenCaller, page: Caller) -> None:
    answers = []
    for _ in range(6):
        guest = (await open_caller(dict(page.client.headers)).post("/guest")).json()
        answers.append((await answer(page, guest["access_token"], "lookup", "BBBB-BBBB")).status_code)
    assert answers == [404] * 5 + [429]


# X01
async def test_a_guest_approves_nothing(page: Caller, program: Caller) -> None:
    guest, code = (await page.post("/guest")).json(), await ask(program)
    refused = await answer(page, guest["access_token"], "approve", code["user_code"])
    assert (refused.status_code, code_of(refused)) == (403, "REAUTHENTICATION_REQUIRED")


# X08
async def test_a_program_cannot_write_its_own_heading_on_the_page(page: Caller, program: Caller, ada: str) -> None:
    name = "tests\u202e\u2066\n\x1b[31m your bank\u0000"
    code = (await program.post("/device/code", data={"client_id": name})).json()
    token = (await page.sign_in(ada))["access_token"]
    assert (await answer(page, token, "lookup", code["user_code"])).json()["client_name"] == "tests[31m your bank"


# X10
@pytest.mark.parametrize("typed", ["\ud800", "BBBB\0BBBB", "", "x" * 10_000, "\uff22\uff22-BBBB"])
async def test_any_text_can_be_typed_for_a_code(page: Caller, ada: str, typed: str) -> None:
    import json

    token = (await page.sign_in(ada))["access_token"]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    looked_up = await page.post("/device/lookup", content=json.dumps({"user_code": typed}), headers=headers)
    assert looked_up.status_code in (404, 422)


# X10
async def test_the_page_cannot_be_framed_and_runs_nothing_but_its_own_script(page: Caller) -> None:
    shown = await page.client.get("/v1/auth/device")
    policy = shown.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert policy.count("'sha256-") == 2
