"""Sign-in, guest, sign-out, password change: which sessions begin, go on and end."""

from .site import PAGE, PASSWORD, Caller, OpenCaller, OpenSite, bearer, code_of


async def test_the_cookie_is_out_of_reach_and_the_body_holds_no_refresh_token(page: Caller, ada: str) -> None:
    answer = await page.post("/jwt/login", data={"username": ada, "password": PASSWORD})
    header = answer.headers["set-cookie"]
    assert "refresh_token" not in answer.json()
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/v1/auth", "Max-Age=60"):
        assert attribute in header
    assert answer.headers["cache-control"] == "no-store"


async def test_on_https_the_cookie_is_bound_to_its_host(open_caller: OpenCaller, ada: str) -> None:
    page = open_caller({"origin": "https://app.example"}, "https://app.example")
    answer = await page.post("/jwt/login", data={"username": ada, "password": PASSWORD})
    header = answer.headers["set-cookie"]
    assert header.startswith("__Host-Http-refresh_token.")
    assert "Secure" in header and "Path=/;" in header and "Domain" not in header
    assert (await page.refresh()).status_code == 200


async def test_plain_http_to_another_machine_gets_no_cookie(open_caller: OpenCaller, ada: str) -> None:
    page = open_caller({"origin": "http://app.example"}, "http://app.example")
    assert (await page.post("/jwt/login", data={"username": ada, "password": PASSWORD})).status_code == 403


async def test_a_sign_in_without_any_sign_of_a_page_gets_an_access_token_alone(
    open_caller: OpenCaller, ada: str
) -> None:
    answer = await open_caller({}).post("/jwt/login", data={"username": ada, "password": PASSWORD})
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json() and "set-cookie" not in answer.headers


async def test_other_origins_are_refused_unless_allowed(
    page: Caller, ada: str, open_site: OpenSite, open_caller: OpenCaller
) -> None:
    await page.sign_in(ada)
    cross_site = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for path in ("/jwt/refresh", "/jwt/logout", "/guest"):
        refused = await page.post(path, headers=cross_site)
        assert (refused.status_code, code_of(refused)) == (403, "ORIGIN_NOT_ALLOWED")
    assert (await page.refresh(headers={"origin": "null", "sec-fetch-site": "cross-site"})).status_code == 403
    site = await open_site(allowed_origins=["https://app.sibling.example"])
    sibling = open_caller({"origin": "https://app.sibling.example", "sec-fetch-site": "same-site"}, at=site)
    await sibling.sign_in(ada)
    assert (await sibling.refresh()).status_code == 200


async def test_a_page_cannot_use_the_body_transport(page: Caller, program: Caller, ada: str) -> None:
    token = (await program.sign_in(ada))["refresh_token"]
    assert (await page.refresh(json={"refresh_token": token})).status_code == 403
    body_sign_in = await page.post(
        "/jwt/login", data={"username": ada, "password": PASSWORD}, headers={"auth-transport": "body"}
    )
    assert body_sign_in.status_code == 403


async def test_a_refused_refresh_never_touches_the_cookie(page: Caller, ada: str) -> None:
    first = await page.sign_in(ada)
    await page.site.change_session(first["session"]["id"], ended_at=1)
    refused = await page.refresh()
    assert (refused.status_code, code_of(refused)) == (401, "REFRESH_TOKEN_REVOKED")
    assert "set-cookie" not in refused.headers


async def test_without_a_cookie_the_refresh_token_is_missing(page: Caller) -> None:
    answer = await page.refresh()
    assert (answer.status_code, code_of(answer)) == (401, "REFRESH_TOKEN_MISSING")


# N09: browsers print every 401 in red on the console.
async def test_a_page_that_asks_whether_somebody_is_signed_in_gets_no_401(page: Caller) -> None:
    answer = await page.post("/jwt/refresh?optional=1")
    assert (answer.status_code, answer.json()) == (200, {"access_token": None, "detail": "REFRESH_TOKEN_MISSING"})


async def test_what_a_sign_in_replaces_ends_when_the_new_session_is_first_presented(
    page: Caller, open_caller: OpenCaller, ada: str
) -> None:
    first = await page.sign_in(ada)
    lost_answer = open_caller(dict(page.client.headers))
    lost_answer.client.cookies.update(page.cookies())
    second = await page.sign_in(ada)
    assert second["session"]["number"] > first["session"]["number"]
    # The answer of the second sign-in could have been lost: until it is used, the first one goes on.
    assert (await lost_answer.refresh()).json()["session"]["id"] == first["session"]["id"]
    assert len(page.cookies()) == 2
    refreshed = await page.refresh()
    assert refreshed.json()["session"]["id"] == second["session"]["id"]
    assert len(page.cookies()) == 1
    assert (await lost_answer.refresh()).status_code == 401


async def test_logout_ends_the_named_session_and_leaves_a_newer_one(page: Caller, ada: str) -> None:
    first = await page.sign_in(ada)
    second = await page.sign_in(ada)
    answer = await page.post("/jwt/logout", json={"session_id": first["session"]["id"]})
    assert answer.status_code == 204
    assert (await page.me(first["access_token"])).status_code == 401
    assert (await page.refresh()).json()["session"]["id"] == second["session"]["id"]


async def test_logout_ends_the_earlier_sessions_of_the_same_browser_too(
    open_caller: OpenCaller, page: Caller, ada: str
) -> None:
    # Two tabs sign in at once: neither request brings the other's cookie.
    other = open_caller(PAGE)
    first, second = await page.sign_in(ada), await other.sign_in(ada)
    page.client.cookies.update(other.client.cookies)
    await page.post("/jwt/logout", json={"session_id": second["session"]["id"]})
    for signed_in in (first, second):
        assert (await page.me(signed_in["access_token"])).status_code == 401
    assert page.cookies() == {}


async def test_logout_of_a_session_that_was_never_presented_ends_what_it_replaces(page: Caller, ada: str) -> None:
    await page.sign_in(ada)
    second = await page.sign_in(ada)
    await page.post("/jwt/logout", json={"session_id": second["session"]["id"]})
    assert (await page.refresh()).status_code == 401


async def test_logout_without_a_name_says_which_session_it_was(page: Caller, ada: str) -> None:
    await page.sign_in(ada)
    second = (await page.sign_in(ada))["session"]
    answer = await page.post("/jwt/logout")
    assert (answer.status_code, answer.headers["session-ended"]) == (204, f"{second['number']} {second['id']}")
    assert "session-ended" not in (await page.post("/jwt/logout")).headers
    third = (await page.sign_in(ada))["session"]
    named = await page.post("/jwt/logout", json={"session_id": third["id"]})
    assert "session-ended" not in named.headers


async def test_logout_takes_the_bearer_as_proof_and_is_done_when_there_is_nothing(program: Caller, ada: str) -> None:
    first = await program.sign_in(ada)
    named = {"session_id": first["session"]["id"]}
    assert (await program.post("/jwt/logout", json=named)).status_code == 204
    assert (await program.me(first["access_token"])).status_code == 200
    assert (await program.post("/jwt/logout", json=named, headers=bearer(first["access_token"]))).status_code == 204
    assert (await program.me(first["access_token"])).status_code == 401
    assert (await program.post("/jwt/logout")).status_code == 204


async def test_a_guest_has_a_session_of_its_own_and_never_takes_a_users_place(page: Caller, ada: str) -> None:
    guest = (await page.post("/guest")).json()
    me = (await page.me(guest["access_token"])).json()
    assert (me["is_guest"], me["email"]) == (True, None)
    assert (await page.refresh()).json()["subject"] == guest["subject"]
    await page.sign_in(ada)
    refused = await page.post("/guest")
    assert (refused.status_code, code_of(refused)) == (409, "SESSION_EXISTS")


async def test_guests_can_be_switched_off(open_site: OpenSite, open_caller: OpenCaller) -> None:
    page = open_caller(PAGE, at=await open_site(guests=False))
    refused = await page.post("/guest")
    assert (refused.status_code, code_of(refused)) == (403, "GUESTS_DISABLED")


async def test_wrong_password_unknown_user_and_guest_sound_the_same(page: Caller, ada: str) -> None:
    for username, password in ((ada, "wrong password"), ("nobody@example.org", PASSWORD), ("x@guest.invalid", "!")):
        answer = await page.post("/jwt/login", data={"username": username, "password": password})
        assert (answer.status_code, code_of(answer)) == (400, "LOGIN_BAD_CREDENTIALS")


async def test_a_changed_password_ends_every_other_session_and_answers_with_a_new_one(
    page: Caller, program: Caller, ada: str
) -> None:
    elsewhere = await program.sign_in(ada)
    first = await page.sign_in(ada)
    change = {"password": "battery staple", "current_password": "wrong password"}
    wrong = await page.client.patch("/v1/auth/users/me", json=change, headers=bearer(first["access_token"]))
    assert (wrong.status_code, code_of(wrong)) == (400, "CURRENT_PASSWORD_INVALID")
    change["current_password"] = PASSWORD
    changed = (await page.patch_me(first["access_token"], **change)).json()
    assert changed["email"] == ada and changed["session"]["id"] != first["session"]["id"]
    assert (await page.me(changed["access_token"])).status_code == 200
    assert (await page.me(first["access_token"])).status_code == 401
    assert (await program.refresh(json={"refresh_token": elsewhere["refresh_token"]})).status_code == 401
    assert (await page.refresh()).json()["session"]["id"] == changed["session"]["id"]


# X01
async def test_an_access_token_alone_changes_neither_password_nor_address(page: Caller, ada: str) -> None:
    first = await page.sign_in(ada)
    for change in (
        {"password": "battery staple"},
        {"email": f"eve-{ada}"},
        {"email": f"eve-{ada}", "is_superuser": True},
    ):
        refused = await page.patch_me(first["access_token"], **change)
        assert (refused.status_code, code_of(refused)) == (403, "REAUTHENTICATION_REQUIRED")
    wrong = await page.patch_me(first["access_token"], email=f"eve-{ada}", current_password="wrong password")
    assert (wrong.status_code, code_of(wrong)) == (400, "CURRENT_PASSWORD_INVALID")
    moved = await page.patch_me(first["access_token"], email=f"eve-{ada}", current_password=PASSWORD)
    assert (moved.status_code, moved.json()["email"]) == (200, f"eve-{ada}")
    # What is no key to the account needs none.
    assert (await page.patch_me(first["access_token"], is_superuser=True)).json()["is_superuser"] is False


async def test_one_sees_and_ends_ones_own_sessions_only(page: Caller, program: Caller, ada: str) -> None:
    here, there = await page.sign_in(ada), await program.sign_in(ada)
    await program.register(f"eve-{ada}")
    stranger = await program.sign_in(f"eve-{ada}")
    listed = (await page.client.get("/v1/auth/sessions", headers=bearer(here["access_token"]))).json()
    assert {each["id"]: each["current"] for each in listed} == {
        here["session"]["id"]: True,
        there["session"]["id"]: False,
    }
    foreign = await page.client.delete(
        f"/v1/auth/sessions/{stranger['session']['id']}", headers=bearer(here["access_token"])
    )
    assert foreign.status_code == 404
    assert (await page.client.delete("/v1/auth/sessions", headers=bearer(here["access_token"]))).status_code == 204
    assert (await page.me(here["access_token"])).status_code == 200
    assert (await page.me(there["access_token"])).status_code == 401
    assert (await page.me(stranger["access_token"])).status_code == 200


# X02
async def test_nobody_is_told_the_moment_of_the_last_rotation(page: Caller, ada: str) -> None:
    first = await page.sign_in(ada)
    sid = first["session"]["id"]
    renewed = await page.refresh()
    hour = 3_600_000
    (row,) = (await page.client.get("/v1/auth/sessions", headers=bearer(first["access_token"]))).json()
    assert row["id"] == sid and row["expires_at"].endswith(":00:00+00:00")
    sessions = page.site.backend.schema.tables.sessions.c
    moments = []
    for rotated_at in (7_200_000, 7_200_000 + hour - 1):
        await page.site.change_session(sid, created_at=0, rotated_at=rotated_at, expires_at=sessions.expires_at)
        (row,) = (await page.client.get("/v1/auth/sessions", headers=bearer(first["access_token"]))).json()
        moments.append(row["last_refreshed_at"])
    assert moments == ["1970-01-01T02:00:00+00:00"] * 2
    max_age = int(renewed.headers["set-cookie"].split("Max-Age=")[1].split(";")[0])
    assert max_age == renewed.json()["session"]["expires_in"] or max_age == first["session"]["expires_in"]
    assert 604_800 - 3_600 <= max_age <= 604_800
