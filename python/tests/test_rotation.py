"""PROTOCOL.md, "Refresh token: rotation without false alarms", row by row."""

import asyncio
import secrets
from typing import Any

import pytest
from sqlalchemy import delete, select

from stay_signed_in.fastapi import AuditEvent
from stay_signed_in.fastapi.rotation import Refuse

from .site import PROGRAM, Caller, OpenCaller, OpenSite, Site


def same_session(one: Any, other: Any) -> bool:
    return bool(one["session"]["id"] == other["session"]["id"] and one["subject"] == other["subject"])


async def test_a_refresh_rotates_and_keeps_session_and_subject(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    status, second = await program.present(first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert same_session(first, second)


async def test_within_the_grace_time_previous_and_current_get_the_current_token(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    _, second = await program.present(first["refresh_token"])
    for token in (first["refresh_token"], second["refresh_token"]):
        status, again = await program.present(token)
        assert (status, again["refresh_token"]) == (200, second["refresh_token"])


async def test_twenty_parallel_uses_of_one_token_have_one_successor(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    answers = await asyncio.gather(*(program.present(first["refresh_token"]) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len({body["refresh_token"] for _, body in answers}) == 1


async def test_of_two_that_read_the_same_row_one_decides_anew(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    await program.present(first["refresh_token"])
    await program.site.let_grace_pass(sid)
    readers, both_have_read = 0, asyncio.Event()

    async def rotate(counter: int) -> Any:
        async with program.site.backend.open_session() as db:
            execute = db.execute

            async def execute_and_wait(*arguments: Any, **options: Any) -> Any:
                result = await execute(*arguments, **options)
                db.execute = execute  # type: ignore[method-assign]
                nonlocal readers
                readers += 1
                if readers == 2:
                    both_have_read.set()
                await both_have_read.wait()
                return result

            db.execute = execute_and_wait  # type: ignore[method-assign]
            return await program.site.backend.sessions(db).rotate(sid, counter, "127.0.0.1")

    outcomes = await asyncio.gather(rotate(2), rotate(1))
    # Who comes second is handed what the first one made, or has a dead token: never a second successor.
    counters = {outcome.row.counter for outcome in outcomes if not isinstance(outcome, Refuse)}
    assert len(counters) == 1


async def test_a_token_of_one_transport_is_none_of_the_other(page: Caller, program: Caller, ada: str) -> None:
    await page.sign_in(ada)
    ((name, value),) = page.cookies().items()
    assert await program.present(value) == (401, {"detail": "REFRESH_TOKEN_INVALID"})
    body_session = await program.sign_in(ada)
    page.client.cookies.clear()
    page.client.cookies.set(name[:-8] + body_session["session"]["id"][:8], body_session["refresh_token"])
    assert (await page.refresh()).json() == {"detail": "REFRESH_TOKEN_INVALID"}


async def test_a_password_that_was_reset_ends_sessions_by_its_version_alone(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    await program.site.change_user(ada, credential_version=7)
    assert (await program.me(first["access_token"])).status_code == 401
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})


async def test_the_previous_token_later_skips_the_lost_one_which_is_dead_from_then_on(
    program: Caller, ada: str
) -> None:
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    _, lost = await program.present(first["refresh_token"])
    await program.site.let_grace_pass(sid)
    status, third = await program.present(first["refresh_token"])
    assert status == 200 and third["refresh_token"] not in (first["refresh_token"], lost["refresh_token"])
    # Even within the grace time of that rotation.
    assert await program.present(lost["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REUSED"})
    assert await program.present(third["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})


async def test_an_older_token_ends_its_session_and_no_other(program: Caller, ada: str) -> None:
    first, other = await program.sign_in(ada), await program.sign_in(ada)
    sid = first["session"]["id"]
    _, second = await program.present(first["refresh_token"])
    await program.site.let_grace_pass(sid)
    _, third = await program.present(second["refresh_token"])
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REUSED"})
    assert (await program.present(third["refresh_token"]))[0] == 401
    assert (await program.me(third["access_token"])).status_code == 401
    assert (await program.present(other["refresh_token"]))[0] == 200


async def test_a_token_from_before_a_restored_backup_goes_on(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    _, second = await program.present(first["refresh_token"])
    await program.site.change_session(first["session"]["id"], counter=1, previous=0)
    status, third = await program.present(second["refresh_token"])
    assert status == 200 and third["refresh_token"] not in (first["refresh_token"], second["refresh_token"])


async def test_a_session_past_its_idle_time_is_expired(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    await program.site.change_session(first["session"]["id"], expires_at=1)
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_EXPIRED"})


async def test_a_refresh_never_outlives_the_absolute_lifetime(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    created_at = program.site.backend.schema.tables.sessions.c.created_at
    end = created_at + 60_000
    await program.site.change_session(first["session"]["id"], absolute_expires_at=end, expires_at=end)
    _, second = await program.present(first["refresh_token"])
    assert second["expires_in"] <= 60
    assert second["session"]["expires_in"] <= 60 and second["session"]["ends_in"] <= 60


async def test_an_inactive_user_is_revoked_and_does_not_revive(program: Caller, ada: str) -> None:
    first, other = await program.sign_in(ada), await program.sign_in(ada)
    await program.site.change_user(ada, is_active=False)
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})
    # Past the ORM nobody learns of it but those who ask meanwhile.
    await program.site.change_user(ada, is_active=True)
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})
    assert (await program.present(other["refresh_token"]))[0] == 200


async def test_a_deleted_user_is_revoked(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    users = program.site.user_model.__table__
    async with program.site.engine.begin() as connection:
        await connection.execute(delete(users).where(users.c.email == ada))
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})


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
        assert await program.present(each) == (401, {"detail": "REFRESH_TOKEN_INVALID"}), each
    assert (await program.present(token))[0] == 200


async def test_neither_kind_of_token_passes_for_the_other(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    assert (await program.me(first["refresh_token"])).status_code == 401
    assert (await program.present(first["access_token"]))[0] == 401


async def test_keys_can_be_rotated(open_site: OpenSite, open_caller: OpenCaller, ada: str) -> None:
    old, new = "o" * 32, "n" * 32

    async def program_with(*keys: str) -> Caller:
        return open_caller(PROGRAM, at=await open_site(refresh_token_secrets=list(keys)))

    first = await (await program_with(old)).sign_in(ada)
    status, second = await (await program_with(new, old)).present(first["refresh_token"])
    assert status == 200 and second["refresh_token"].split(".")[1] != first["refresh_token"].split(".")[1]
    only_new = await program_with(new)
    assert (await only_new.present(first["refresh_token"]))[0] == 401
    assert (await only_new.present(second["refresh_token"]))[0] == 200


async def test_session_numbers_grow(program: Caller, ada: str) -> None:
    numbers = [(await program.sign_in(ada))["session"]["number"] for _ in range(5)]
    assert numbers == sorted(set(numbers))


async def test_sign_ins_at_once_have_numbers_of_their_own(program: Caller, ada: str) -> None:
    signed_in = await asyncio.gather(*(program.sign_in(ada) for _ in range(5)))
    assert len({each["session"]["number"] for each in signed_in}) == 5


async def test_no_token_is_stored(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    sessions = program.site.backend.schema.tables.sessions
    async with program.site.engine.connect() as connection:
        row = (await connection.execute(select(sessions).where(sessions.c.id == first["session"]["id"]))).one()
    assert first["refresh_token"].split(".")[3] not in str(tuple(row))


# X02
async def test_the_previous_token_from_elsewhere_gets_an_access_token_alone(
    program: Caller, open_caller: OpenCaller, ada: str, site: Site
) -> None:
    events: list[AuditEvent] = []

    @site.backend.on_audit
    async def note(event: AuditEvent) -> None:
        events.append(event)

    thief = open_caller(PROGRAM, address="203.0.113.9")
    first = await program.sign_in(ada)
    _, second = await program.present(first["refresh_token"])
    status, stolen = await thief.present(first["refresh_token"])
    assert status == 200 and "refresh_token" not in stolen and same_session(first, stolen)
    # The owner's own lost response is repeated as ever.
    assert (await program.present(first["refresh_token"]))[1]["refresh_token"] == second["refresh_token"]
    await site.backend.listeners.settled()
    assert [(each.type, each.address) for each in events if each.type.startswith("grace")] == [
        ("graceRepeatElsewhere", "203.0.113.9"),
        ("graceRepeat", "127.0.0.1"),
    ]


# X02
async def test_a_thief_who_follows_each_rotation_is_found_in_the_second_round(
    program: Caller, open_caller: OpenCaller, ada: str, site: Site
) -> None:
    thief = open_caller(PROGRAM, address="203.0.113.9")
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    _, second = await program.present(first["refresh_token"])
    await thief.present(first["refresh_token"])
    await site.let_grace_pass(sid)
    _, _third = await program.present(second["refresh_token"])
    assert await thief.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REUSED"})


async def test_whoever_was_handed_the_current_token_late_does_not_find_it_dead(
    program: Caller, ada: str, site: Site
) -> None:
    first = await program.sign_in(ada)
    sid = first["session"]["id"]
    _, second = await program.present(first["refresh_token"])
    # The rotation is old by now, its repetition is not.
    await program.present(first["refresh_token"])
    rotated_at = site.backend.schema.tables.sessions.c.rotated_at
    await site.change_session(sid, rotated_at=rotated_at - 31_000)
    status, held = await program.present(first["refresh_token"])
    assert status == 200 and "refresh_token" not in held
    assert (await program.present(second["refresh_token"]))[1]["refresh_token"] == second["refresh_token"]


# X10
@pytest.mark.parametrize("token", ["\ud800", "a\0b", "é", "x" * 5_000])
async def test_any_text_is_an_answerable_refresh_token(program: Caller, token: str) -> None:
    import json

    answer = await program.refresh(
        content=json.dumps({"refresh_token": token}), headers={"content-type": "application/json"}
    )
    assert answer.status_code in (401, 422), answer.text
