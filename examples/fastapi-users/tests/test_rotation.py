"""PROTOCOL.md, "Refresh token: rotation without false alarms", row by row."""

import asyncio
import secrets
from typing import Any

from fastapi import HTTPException, Request
from pydantic import SecretStr
from sqlalchemy import delete, select, update

from app.database import User, open_session
from app.refresh import USERS, AuthSession, Sessions
from app.settings import Settings, get_settings

from .conftest import Caller, change_session, let_grace_pass


async def refresh_with(program: Caller, token: str) -> tuple[int, dict[str, str]]:
    answer = await program.refresh(json={"refresh_token": token})
    return answer.status_code, answer.json()


async def test_a_refresh_rotates_and_keeps_session_and_subject(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    status, second = await refresh_with(program, first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["session"], second["subject"]) == (first["session"], first["subject"])


async def test_within_the_grace_time_previous_and_current_get_the_current_token(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    _, second = await refresh_with(program, first["refresh_token"])
    for token in (first["refresh_token"], second["refresh_token"]):
        status, again = await refresh_with(program, token)
        assert (status, again["refresh_token"]) == (200, second["refresh_token"])


async def test_twenty_parallel_uses_of_one_token_have_one_successor(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    answers = await asyncio.gather(*(refresh_with(program, first["refresh_token"]) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len({body["refresh_token"] for _, body in answers}) == 1


async def test_of_two_that_read_the_same_row_one_decides_anew(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    await refresh_with(program, first["refresh_token"])
    await let_grace_pass(sid)
    both_have_read = asyncio.Barrier(2)

    async def rotate(counter: int) -> int:
        async with open_session() as db:
            execute = db.execute

            async def execute_and_wait(*arguments: Any, **options: Any) -> Any:
                result = await execute(*arguments, **options)
                db.execute = execute  # type: ignore[method-assign]
                await both_have_read.wait()
                return result

            db.execute = execute_and_wait  # type: ignore[method-assign]
            request = Request(
                {"type": "http", "headers": [], "scheme": "http", "path": "/", "server": ("localhost", 80)}
            )
            return (await Sessions(request, db, get_settings()).rotate(sid, counter)).counter

    current, previous = await asyncio.gather(rotate(2), rotate(1), return_exceptions=True)
    assert [isinstance(each, HTTPException) for each in (current, previous)].count(True) == 1


async def test_a_token_of_one_transport_is_none_of_the_other(page: Caller, program: Caller, ada: str) -> None:
    await page.sign_in(ada)
    ((name, value),) = page.cookies().items()
    assert await refresh_with(program, value) == (401, {"detail": "REFRESH_TOKEN_INVALID"})
    body_session = await program.sign_in(ada)
    page.client.cookies.clear()
    page.client.cookies.set(name[:-8] + body_session["session"]["id"][:8], body_session["refresh_token"])
    assert (await page.refresh()).json() == {"detail": "REFRESH_TOKEN_INVALID"}


async def test_a_password_that_was_reset_ends_sessions_by_its_version_alone(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    async with open_session() as db:
        await db.execute(update(User).where(USERS.email == ada).values(credential_version=User.credential_version + 1))
        await db.commit()
    assert (await program.me(first["access_token"])).status_code == 401
    assert await refresh_with(program, first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})


async def test_an_expired_access_token_is_refused(program: Caller, ada: str, settings: Settings) -> None:
    settings.token_lifetime_seconds = -10
    assert (await program.me((await program.sign_in(ada))["access_token"])).status_code == 401


async def test_the_previous_token_later_skips_the_lost_one_which_is_dead_from_then_on(
    program: Caller, ada: str
) -> None:
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    _, lost = await refresh_with(program, first["refresh_token"])
    await let_grace_pass(sid)
    status, third = await refresh_with(program, first["refresh_token"])
    assert status == 200 and third["refresh_token"] not in (first["refresh_token"], lost["refresh_token"])
    # Even within the grace time of that rotation.
    assert await refresh_with(program, lost["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REUSED"})
    assert await refresh_with(program, third["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})


async def test_an_older_token_ends_its_session_and_no_other(program: Caller, ada: str) -> None:
    first, other = await program.sign_in(ada), await program.sign_in(ada)
    sid = first["session"]["id"]
    _, second = await refresh_with(program, first["refresh_token"])
    await let_grace_pass(sid)
    _, third = await refresh_with(program, second["refresh_token"])
    assert await refresh_with(program, first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REUSED"})
    assert (await refresh_with(program, third["refresh_token"]))[0] == 401
    assert (await program.me(third["access_token"])).status_code == 401
    assert (await refresh_with(program, other["refresh_token"]))[0] == 200


async def test_a_token_from_before_a_restored_backup_goes_on(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    _, second = await refresh_with(program, first["refresh_token"])
    await change_session(first["session"]["id"], counter=1, previous=0)
    status, third = await refresh_with(program, second["refresh_token"])
    assert status == 200 and third["refresh_token"] not in (first["refresh_token"], second["refresh_token"])


async def test_a_session_past_its_idle_time_is_expired(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    await change_session(first["session"]["id"], expires_at=1)
    assert await refresh_with(program, first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_EXPIRED"})


async def test_a_refresh_never_outlives_the_absolute_lifetime(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    await change_session(
        sid, absolute_expires_at=AuthSession.created_at + 60_000, expires_at=AuthSession.created_at + 60_000
    )
    _, second = await refresh_with(program, first["refresh_token"])
    async with open_session() as db:
        session = await db.get_one(AuthSession, sid)
    assert session.expires_at == session.created_at + 60_000
    assert int(second["expires_in"]) <= 60


async def test_an_inactive_or_deleted_user_is_revoked(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    async with open_session() as db:
        await db.execute(update(User).where(USERS.email == ada).values(is_active=False))
        await db.commit()
    assert await refresh_with(program, first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})
    async with open_session() as db:
        await db.execute(delete(User).where(USERS.email == ada))
        await db.commit()
    assert await refresh_with(program, first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})


async def test_a_forged_or_malformed_token_touches_no_session(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    token = first["refresh_token"]
    label, key_id, content, mac = token.split(".")
    # The last character of a MAC has two spare bits: another spelling of the same bytes is not the token.
    spelled = mac[:-1] + chr(ord(mac[-1]) + 1)
    forged = [
        f"{label}.{key_id}.{content}.{secrets.token_urlsafe(32)}",
        f"{label}.{key_id}.{content}.{spelled}",
        "",
        "x",
    ]
    forged += [
        f"{label}.00000000.{content}.{mac}",
        f"ssr2.{key_id}.{content}.{mac}",
        f"{token}=",
        f"{token}.x",
        "é.é.é.é",
    ]
    for each in [*forged, first["access_token"]]:
        assert await refresh_with(program, each) == (401, {"detail": "REFRESH_TOKEN_INVALID"}), each
    assert (await refresh_with(program, token))[0] == 200


async def test_neither_kind_of_token_passes_for_the_other(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    assert (await program.me(first["refresh_token"])).status_code == 401
    assert (await refresh_with(program, first["access_token"]))[0] == 401


async def test_keys_can_be_rotated(program: Caller, ada: str, settings: Settings) -> None:
    old, new = SecretStr("o" * 32), SecretStr("n" * 32)
    settings.refresh_token_secrets = [old]
    first = await program.sign_in(ada)
    settings.refresh_token_secrets = [new, old]
    status, second = await refresh_with(program, first["refresh_token"])
    assert status == 200 and second["refresh_token"].split(".")[1] != first["refresh_token"].split(".")[1]
    settings.refresh_token_secrets = [new]
    assert (await refresh_with(program, first["refresh_token"]))[0] == 401
    assert (await refresh_with(program, second["refresh_token"]))[0] == 200


async def test_session_numbers_grow(program: Caller, ada: str) -> None:
    numbers = [(await program.sign_in(ada))["session"]["number"] for _ in range(5)]
    assert numbers == sorted(set(numbers))


async def test_sign_ins_at_once_have_numbers_of_their_own(program: Caller, ada: str) -> None:
    signed_in = await asyncio.gather(*(program.sign_in(ada) for _ in range(5)))
    assert len({each["session"]["number"] for each in signed_in}) == 5


async def test_no_token_is_stored(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    async with open_session() as db:
        row = (await db.execute(select(AuthSession.__table__).where(AuthSession.id == first["session"]["id"]))).one()
    assert first["refresh_token"].split(".")[3] not in str(tuple(row))
