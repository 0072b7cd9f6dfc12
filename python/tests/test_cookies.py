"""The cookie's name, form and way over plain http."""

import pytest

from stay_signed_in.fastapi.cookies import _short_hash

from .site import PAGE, PASSWORD, Caller, OpenCaller, OpenSite, code_of, some_address


def page_at(open_caller: OpenCaller, origin: str, **options: object) -> Caller:
    return open_caller({"origin": origin}, origin, **options)


async def sign_up(page: Caller) -> str:
    email = some_address()
    assert (await page.register(email)).status_code == 201
    return str((await page.sign_in(email))["subject"])


# C01
@pytest.mark.parametrize(
    "addresses",
    [
        [("http://localhost:8000", "/v1/auth"), ("http://localhost:8001", "/v1/auth")],
        [("http://localhost:8000", "/one/auth"), ("http://localhost:8000", "/two/auth")],
        [("https://app.example", "/one/auth"), ("https://app.example", "/two/auth")],
        [("https://app.example:8443", "/v1/auth"), ("https://app.example", "/v1/auth")],
        [("http://localhost:8000", "/v1"), ("http://localhost:8000", "/v1/auth")],
    ],
)
async def test_servers_on_one_host_leave_each_others_cookies_alone(
    open_site: OpenSite, open_caller: OpenCaller, addresses: list[tuple[str, str]]
) -> None:
    pages = []
    jar: dict[str, str] = {}
    for origin, prefix in addresses:
        page = page_at(
            open_caller, origin, at=await open_site(prefix=prefix, secret=f"a secret for {prefix} of {origin}")
        )
        pages.append((page, await sign_up(page)))
        jar |= page.cookies()
    assert len(jar) == 2
    for _ in range(2):
        for page, subject in pages:
            # As the browser would: whatever the host's jar holds.
            header = "; ".join(f"{name}={value}" for name, value in jar.items())
            page.client.cookies.clear()
            answer = await page.refresh(headers={"cookie": header})
            assert answer.json()["subject"] == subject
            names = {each.split("=")[0] for each in answer.headers.get_list("set-cookie")}
            assert len(names) == 1
            jar |= page.cookies()


# C03
@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://app.example"])
async def test_a_cookie_of_the_former_name_is_moved(open_caller: OpenCaller, origin: str) -> None:
    page = page_at(open_caller, origin)
    subject = await sign_up(page)
    ((name, value),) = page.cookies().items()
    start = "__Host-Http-refresh_token." if origin.startswith("https") else "refresh_token."
    former = start + name[-8:]
    strangers = f"{start}zzzzzzzz"
    page.client.cookies.clear()
    answer = await page.refresh(headers={"cookie": f"{strangers}={value[:-1]}x; {former}={value}"})
    assert answer.json()["subject"] == subject
    made = {each.split("=")[0]: each for each in answer.headers.get_list("set-cookie")}
    assert set(made) == {name, former} and "Max-Age=0" in made[former] and "Max-Age=0" not in made[name]


# C02
async def test_a_laboratorys_network_works_after_the_one_setting_that_the_refusal_names(
    open_caller: OpenCaller, open_site: OpenSite
) -> None:
    lab = "http://workstation:8200"
    refusing = page_at(open_caller, lab)
    email = some_address()
    await refusing.register(email)
    for path, form in (("/jwt/login", {"username": email, "password": PASSWORD}), ("/guest", None)):
        refused = await refusing.post(path, data=form)
        assert (refused.status_code, code_of(refused)) == (403, "ORIGIN_NOT_ALLOWED")
        assert "allow_insecure_cookies" in refused.json()["detail"]["reason"]
    page = page_at(open_caller, lab, at=await open_site(allow_insecure_cookies=True))
    subject = await sign_up(page)
    assert (await page.refresh()).json()["subject"] == subject
    assert (await page.refresh(headers={"origin": "http://elsewhere:8200"})).status_code == 403


async def test_a_foreign_origin_is_told_the_settings_for_it(open_caller: OpenCaller) -> None:
    page = open_caller({**PAGE, "origin": "http://localhost:5173", "sec-fetch-site": "same-site"})
    reason = (await page.post("/guest")).json()["detail"]["reason"]
    assert "http://localhost:5173" in reason and "allowed_origins" in reason and "public_url" in reason


@pytest.mark.parametrize("host", ["[::1]:8000", "127.0.0.1:8000", "localhost", "app.localhost:3000"])
async def test_loopback_needs_no_setting(open_caller: OpenCaller, host: str) -> None:
    page = page_at(open_caller, f"http://{host}")
    assert (await page.post("/guest")).status_code == 200


@pytest.mark.parametrize(
    "origin", ["null", "", "http://[", "nonsense", "http://localhost:99999", "http://localhost@evil"]
)
async def test_any_text_is_an_answerable_origin(open_caller: OpenCaller, origin: str) -> None:
    assert (await open_caller({"origin": origin}).post("/guest")).status_code == 403


def test_the_name_is_that_of_the_typescript_server() -> None:
    # FNV-1a of "a" is e40c292c.
    assert int(_short_hash("a"), 36) == 0xE40C292C


# C04
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://app.example", ["Secure", "HttpOnly", "SameSite=None", "Partitioned"]),
        ("http://localhost:8000", ["HttpOnly", "SameSite=Strict"]),
    ],
)
async def test_an_embedded_pages_cookie_is_kept_apart_for_each_embedding_site(
    open_caller: OpenCaller, open_site: OpenSite, origin: str, expected: list[str]
) -> None:
    page = page_at(open_caller, origin, at=await open_site(partitioned_cookies=True))
    email = some_address()
    await page.register(email)
    answer = await page.post("/jwt/login", data={"username": email, "password": PASSWORD})
    (header,) = answer.headers.get_list("set-cookie")
    attributes = header.split("; ")[1:]
    assert [each for each in attributes if "=" not in each or each.startswith("SameSite")] == expected
