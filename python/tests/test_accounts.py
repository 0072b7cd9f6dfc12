"""What happens to an account reaches its sessions; guests and service tokens."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import jwt
import pytest
from sqlalchemy import select, update

from stay_signed_in.fastapi import AccessTokenError, Ended

from .site import PAGE, PASSWORD, SECRET, Caller, OpenCaller, OpenSite, Site, bearer, code_of, some_address


@pytest.fixture
def ended(site: Site) -> list[str]:
    seen: list[str] = []

    @site.backend.on_session_ended
    async def note(session: Ended) -> None:
        seen.append(session.session_id)

    return seen


@asynccontextmanager
async def superuser_of(site: Site, page: Caller) -> AsyncIterator[str]:
    email = some_address()
    await page.register(email)
    await site.change_user(email, is_superuser=True)
    yield (await page.sign_in(email))["access_token"]


# X10
@pytest.mark.parametrize("change", ["deactivated", "re-passworded", "deleted"])
async def test_what_a_superuser_does_to_a_user_ends_its_sessions_for_good(
    site: Site, page: Caller, program: Caller, ada: str, ended: list[str], change: str
) -> None:
    first = await program.sign_in(ada)
    url = f"/v1/auth/users/{first['subject']}"
    async with superuser_of(site, page) as root:
        if change == "deleted":
            answer = await page.client.delete(url, headers=bearer(root))
        else:
            body = {"is_active": False} if change == "deactivated" else {"password": "battery staple"}
            answer = await page.client.patch(url, json=body, headers=bearer(root))
        assert answer.status_code < 300, answer.text
        assert (await program.me(first["access_token"])).status_code == 401
        if change == "deactivated":
            await page.client.patch(url, json={"is_active": True}, headers=bearer(root))
    assert await program.present(first["refresh_token"]) == (401, {"detail": "REFRESH_TOKEN_REVOKED"})
    await site.backend.listeners.settled()
    assert ended == [first["session"]["id"]]


async def test_other_changes_of_a_user_end_nothing(site: Site, page: Caller, program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    async with superuser_of(site, page) as root:
        url = f"/v1/auth/users/{first['subject']}"
        await page.client.patch(url, json={"is_verified": True, "is_active": True}, headers=bearer(root))
    assert (await program.present(first["refresh_token"]))[0] == 200


async def test_a_better_hash_of_the_same_password_ends_nothing(site: Site, program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    from pwdlib.hashers.argon2 import Argon2Hasher

    older = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    async with site.backend.open_session() as db:
        await db.execute(update(site.user_model).where(site.user_model.email == ada).values(hashed_password=older))
        await db.commit()
    await program.sign_in(ada)
    assert (await program.present(first["refresh_token"]))[0] == 200


async def test_a_listener_may_use_the_database_that_the_request_holds(
    site: Site, program: Caller, ada: str, open_site: OpenSite, open_caller: OpenCaller
) -> None:
    """As an app with one lock around its SQLite has it: a hook within the request would wait for itself."""
    lock = asyncio.Lock()
    original = site.backend.get_async_session

    async def locked() -> AsyncIterator[Any]:
        async with lock:
            async for session in original():
                yield session

    site.app.dependency_overrides[original] = locked
    done = asyncio.Event()

    @site.backend.on_session_ended
    async def write(session: Ended) -> None:
        async with lock, site.backend.open_session() as db:
            await db.execute(update(site.user_model).values(is_verified=True))
            await db.commit()
        done.set()

    first = await program.sign_in(ada)
    answer = await program.post("/jwt/logout", json={"refresh_token": first["refresh_token"]})
    assert answer.status_code == 204
    await asyncio.wait_for(done.wait(), 10)


async def test_a_failing_listener_changes_nothing(site: Site, program: Caller, ada: str, ended: list[str]) -> None:
    async def fail(_: Any) -> None:
        raise RuntimeError("a listener of the tests")

    site.backend.on_session_ended(fail)
    site.backend.on_audit(fail)
    first = await program.sign_in(ada)
    assert (await program.post("/jwt/logout", json={"refresh_token": first["refresh_token"]})).status_code == 204
    await site.backend.listeners.settled()
    assert ended == [first["session"]["id"]]


async def test_an_operator_ends_all_sessions_of_a_user(site: Site, program: Caller, ada: str) -> None:
    first, second = await program.sign_in(ada), await program.sign_in(ada)
    await site.backend.end_sessions(UUID(first["subject"]))
    for each in (first, second):
        assert (await program.me(each["access_token"])).status_code == 401


async def test_an_app_whose_sessions_expire_on_commit_works_too(open_site: OpenSite, open_caller: OpenCaller) -> None:
    page = open_caller(PAGE, at=await open_site(expire_on_commit=True))
    email = some_address()
    await page.register(email)
    first = await page.sign_in(email)
    changed = await page.patch_me(first["access_token"], password="battery staple", current_password=PASSWORD)
    assert changed.status_code == 200, changed.text
    assert (await page.refresh()).status_code == 200
    assert (await page.post("/jwt/logout")).status_code == 204
    assert (await page.post("/guest")).status_code == 200


class TestGuests:
    async def test_are_users_of_the_apps_own_manager(self, site: Site, page: Caller) -> None:
        guest = (await page.post("/guest")).json()
        assert [address.endswith("@guest.invalid") for address in site.registered] == [True]
        assert (await page.me(guest["access_token"])).json()["is_guest"] is True

    async def test_keep_the_form_of_address_that_the_app_has(
        self, open_site: OpenSite, open_caller: OpenCaller
    ) -> None:
        options = {"guest_answer": lambda user: {"email": user.email, "subject": "nobody's to change"}}
        site = await open_site(guest_address="visitor-{id}@guests.example.org", router_options=options)
        page = open_caller(PAGE, at=site)
        guest = (await page.post("/guest")).json()
        assert guest["email"].startswith("visitor-") and guest["email"] == site.registered[0]
        me = (await page.me(guest["access_token"])).json()
        assert (me["email"], me["id"]) == (guest["email"], guest["subject"])

    async def test_can_be_made_by_the_app(self, open_site: OpenSite, open_caller: OpenCaller) -> None:
        async def create_guest(user_manager: Any, request: Any) -> Any:
            fields = {"email": some_address(), "hashed_password": "!", "is_guest": True, "is_verified": True}
            return await user_manager.user_db.create(fields)

        page = open_caller(PAGE, at=await open_site(router_options={"create_guest": create_guest}))
        guest = (await page.post("/guest")).json()
        assert (await page.me(guest["access_token"])).json()["is_verified"] is True

    async def test_change_no_password_and_no_address(self, page: Caller) -> None:
        guest = (await page.post("/guest")).json()
        for change in ({"password": "battery staple"}, {"email": some_address()}):
            refused = await page.patch_me(guest["access_token"], **change)
            assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "GUEST")


class TestServiceTokens:
    @pytest.fixture
    async def token(self, site: Site, ada: str) -> str:
        return await self.issue(site, ada, 3600)

    async def issue(self, site: Site, email: str, lifetime: int, **claims: Any) -> str:
        async with site.backend.open_session() as db:
            found = (await db.scalars(select(site.user_model).where(site.user_model.email == email))).one()
            return site.backend.issue_service_token(found, lifetime, **claims)

    async def test_stand_beside_session_tokens(self, site: Site, page: Caller, token: str) -> None:
        assert (await page.client.get("/notes", headers=bearer(token))).status_code == 200
        read = await site.backend.verify(token)
        assert read.session_id is None

    async def test_lead_to_no_session_and_no_password(self, page: Caller, token: str) -> None:
        refused = await page.patch_me(token, password="battery staple", current_password=PASSWORD)
        assert refused.status_code == 401
        assert (await page.client.get("/v1/auth/sessions", headers=bearer(token))).status_code == 401
        assert (await page.post("/jwt/migrate", headers=bearer(token))).status_code == 404

    async def test_end_with_the_password_and_with_the_user(
        self, site: Site, page: Caller, ada: str, token: str
    ) -> None:
        first = await page.sign_in(ada)
        await site.change_user(ada, is_active=False)
        assert (await page.client.get("/notes", headers=bearer(token))).status_code == 401
        await site.change_user(ada, is_active=True)
        assert (await page.client.get("/notes", headers=bearer(token))).status_code == 200
        await page.patch_me(first["access_token"], password="battery staple", current_password=PASSWORD)
        assert (await page.client.get("/notes", headers=bearer(token))).status_code == 401

    async def test_cannot_change_their_own_audience_or_subject(self, site: Site, ada: str, page: Caller) -> None:
        token = await self.issue(site, ada, 60, aud="fastapi-users:auth", sub="somebody", sid="x", job=7)
        with pytest.raises(AccessTokenError):
            await site.backend.verify(token)

    async def test_no_token_of_an_ended_session_passes_for_one(self, site: Site, page: Caller, ada: str) -> None:
        first = await page.sign_in(ada)
        claims = jwt.decode(first["access_token"], options={"verify_signature": False})
        await page.post("/jwt/logout")
        # Even if somebody who has the key by mistake names both audiences.
        both = {**claims, "aud": ["fastapi-users:auth", "fastapi-users:service"], "credential_version": 0}
        for forged in (first["access_token"], jwt.encode(both, SECRET, "HS256", headers={"typ": "at+jwt"})):
            assert (await page.client.get("/notes", headers=bearer(forged))).status_code == 401


class TestGuards:
    async def test_get_one_function_to_call(self, site: Site, program: Caller, ada: str) -> None:
        first = await program.sign_in(ada)
        read = await site.backend.verify(first["access_token"])
        assert (read.subject, read.session_id) == (first["subject"], first["session"]["id"])
        await program.post("/jwt/logout", json={"refresh_token": first["refresh_token"]})
        with pytest.raises(AccessTokenError, match="refused"):
            await site.backend.verify(first["access_token"])
        assert (await site.backend.verify(first["access_token"], check_session=False)).session_id == read.session_id

    # X10
    @pytest.mark.parametrize(
        "change",
        [
            {"sid": {"a": 1}},
            {"sid": ["x"]},
            {"sid": None},
            {"sid": 7},
            {"sub": 7},
            {"sub": "\0"},
            {"sub": "\ud800"},
            {"sid": "\0"},
            {"sid": "\ud800"},
            {"exp": "soon"},
            {"exp": 1e400},
            {"exp": time.time() + 200_000},
            {"iat": True},
            {"aud": {"fastapi-users:auth": 1}},
            {"aud": None},
            {"typ": "JWT"},
            {"typ": None},
        ],
    )
    async def test_refuse_any_other_shape(self, site: Site, program: Caller, ada: str, change: dict[str, Any]) -> None:
        first = await program.sign_in(ada)
        claims = jwt.decode(first["access_token"], options={"verify_signature": False})
        typ = change.get("typ", "at+jwt") if "typ" in change else "at+jwt"
        try:
            forged = encode({**claims, **{k: v for k, v in change.items() if k != "typ"}}, typ)
        except (TypeError, ValueError, UnicodeError):
            pytest.skip("not even a token")
        assert (await program.me(forged)).status_code == 401
        with pytest.raises(AccessTokenError):
            await site.backend.verify(forged)


def encode(claims: dict[str, Any], typ: Any) -> str:
    """A rightly signed token of any content, which no library would make."""
    import hashlib
    import hmac
    import json
    from base64 import urlsafe_b64encode

    def part(content: bytes) -> str:
        return urlsafe_b64encode(content).decode().rstrip("=")

    header = {"alg": "HS256"} | ({} if typ is None else {"typ": typ})
    signed = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256))}"


# X10
@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\ud83d"])
async def test_no_text_is_answered_with_a_500(page: Caller, ada: str, text: str) -> None:
    import json

    token = (await page.sign_in(ada))["access_token"]
    deleted = await page.client.delete("/v1/auth/sessions/%00", headers=bearer(token))
    assert deleted.status_code == 404
    json_header = {"content-type": "application/json"}
    asked = [
        ("POST", "/register", {"email": f"{text}@example.org", "password": PASSWORD}, {}),
        ("POST", "/register", {"email": some_address(), "password": PASSWORD + text}, {}),
        ("POST", "/jwt/logout", {"session_id": text}, {}),
        ("PATCH", "/users/me", {"password": PASSWORD + text, "current_password": PASSWORD}, bearer(token)),
        ("PATCH", "/users/me", {"password": PASSWORD, "current_password": text}, bearer(token)),
    ]
    for method, path, body, headers in asked:
        answer = await page.client.request(
            method, f"/v1/auth{path}", content=json.dumps(body), headers={**json_header, **headers}
        )
        assert answer.status_code < 500, (path, answer.text)
    form = await page.post(
        "/jwt/login", data={"username": text.replace("\ud800", "x").replace("\ud83d", "x"), "password": "x"}
    )
    assert form.status_code == 400


# X07
@pytest.mark.parametrize(
    "password", ["1234567", "\U0001f511\U0001f5dd\U0001f512", "x" * 1025, "{address}", " {name} ", "{loud}"]
)
async def test_a_password_has_eight_characters_and_is_not_the_address(page: Caller, ada: str, password: str) -> None:
    def of(email: str) -> str:
        return password.format(address=email, name=email.partition("@")[0], loud=email.upper())

    email = some_address()
    refused = await page.post("/register", json={"email": email, "password": of(email)})
    assert (refused.status_code, code_of(refused)) == (400, "REGISTER_INVALID_PASSWORD")
    token = (await page.sign_in(ada))["access_token"]
    changed = await page.patch_me(token, password=of(ada), current_password=PASSWORD)
    assert (changed.status_code, code_of(changed)) == (400, "UPDATE_USER_INVALID_PASSWORD")


async def test_eight_characters_of_any_writing_will_do(page: Caller) -> None:
    account = {"email": some_address(), "password": "\u043f\u0430\u0440\u043e\u043b\u044c\u043a\u0430"}
    assert (await page.post("/register", json=account)).status_code == 201
