"""docs/protocol.md, "Bound sessions", by the vectors that the Node server is tested by as well."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from stay_signed_in.fastapi import AuditEvent, SessionSettings
from stay_signed_in.fastapi.dpop import Nonces, Proved, verify_proof

from .site import PAGE, PASSWORD, PREFIX, PROGRAM, SECRET, Caller, OpenCaller, OpenSite, Site, bearer, code_of
from .test_device import answer, ask, poll

VECTORS = json.loads(Path(__file__, "../../../test/vectors/dpop.json").resolve().read_text("utf-8"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_shared_vectors(case: dict[str, str]) -> None:
    own = urlsplit(VECTORS["request"]["url"])
    verdict = verify_proof(
        case["proof"],
        method=VECTORS["request"]["method"],
        is_own_address=lambda asked: (asked.scheme, asked.netloc, asked.path) == (own.scheme, own.netloc, own.path),
        is_good_nonce=lambda nonce: nonce == VECTORS["nonce"],
    )
    if case["verdict"] == "proved":
        assert isinstance(verdict, Proved) and verdict.thumbprint == VECTORS["thumbprint"]
    else:
        assert verdict == case["verdict"]


class Key:
    """Proves itself as the browser's does: src/bound/dpopProof.ts."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.nonce: str | None = None
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key()))
        self.jwk = {name: jwk[name] for name in ("kty", "crv", "x", "y")}

    def prove(self, url: str, **changes: Any) -> str:
        claims = {"jti": secrets.token_urlsafe(16), "htm": "POST", "htu": url, "iat": int(time.time())}
        nonce = {} if self.nonce is None else {"nonce": self.nonce}
        header = {"typ": "dpop+jwt", "jwk": self.jwk}
        return jwt.encode(claims | nonce | changes, self.private, "ES256", headers=header)

    async def post(self, caller: Caller, path: str, **options: Any) -> httpx.Response:
        """With a proof, once more where the server asks for its nonce."""
        for _ in range(2):
            url = f"{str(caller.client.base_url).rstrip('/')}{PREFIX}{path}"
            sent = await caller.post(path, headers={"dpop": self.prove(url)}, **options)
            self.nonce = sent.headers.get("dpop-nonce", self.nonce)
            if sent.json().get("error") != "use_dpop_nonce":
                break
        return sent

    async def sign_in(self, caller: Caller, email: str) -> Any:
        signed_in = await self.post(caller, "/jwt/login", data={"username": email, "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        return signed_in.json()


OpenBound = Callable[..., Awaitable[Site]]


@pytest.fixture
async def optional(open_site: OpenSite) -> Site:
    opened: Site = await open_site(session_binding="optional")
    return opened


@pytest.fixture
async def required(open_site: OpenSite) -> Site:
    opened: Site = await open_site(session_binding="required")
    return opened


def listen(site: Site) -> list[str]:
    heard: list[str] = []

    @site.backend.on_audit
    async def note(event: AuditEvent) -> None:
        heard.append(event.type)

    return heard


async def listed(caller: Caller, token: str) -> list[bool]:
    found = await caller.client.get(f"{PREFIX}/sessions", headers=bearer(token))
    return [each["bound"] for each in found.json()]


async def test_a_copied_cookie_is_worth_nothing_and_the_session_goes_on(
    optional: Site, open_caller: OpenCaller, ada: str
) -> None:
    heard, page, key = listen(optional), open_caller(PAGE, at=optional), Key()
    session = await key.sign_in(page, ada)
    assert jwt.decode(session["access_token"], options={"verify_signature": False})["bound"] is True
    assert await listed(page, session["access_token"]) == [True]
    thief = open_caller(PAGE, at=optional)
    thief.client.cookies = page.client.cookies
    for refused in (await thief.refresh(), await Key().post(thief, "/jwt/refresh")):
        assert (refused.status_code, code_of(refused)) == (401, "REFRESH_TOKEN_PROOF_INVALID")
        assert "set-cookie" not in refused.headers
    await optional.backend.listeners.settled()
    assert heard.count("proofRefused") == 2
    for _ in range(2):
        renewed = await key.post(page, "/jwt/refresh")
        assert renewed.status_code == 200 and renewed.headers["dpop-nonce"] == key.nonce
        await optional.let_grace_pass(session["session"]["id"])
    assert "reuseDetected" not in heard


async def test_a_proof_counts_once_for_its_own_request_and_with_a_nonce_of_this_server(
    optional: Site, open_caller: OpenCaller, ada: str
) -> None:
    page, key = open_caller(PAGE, at=optional), Key()
    await key.sign_in(page, ada)
    url = f"http://localhost{PREFIX}/jwt/refresh"
    proof = key.prove(url)
    assert (await page.refresh(headers={"dpop": proof})).status_code == 200
    for again in (proof, key.prove(url, nonce="1.AAAA"), key.prove(url, nonce=None)):
        sent = await page.refresh(headers={"dpop": again})
        assert (sent.status_code, sent.json()) == (400, {"error": "use_dpop_nonce", "detail": "USE_DPOP_NONCE"})
        assert sent.headers["dpop-nonce"] == key.nonce
    for other in (f"http://localhost{PREFIX}/jwt/login", f"https://evil.example{PREFIX}/jwt/refresh"):
        sent = await page.refresh(headers={"dpop": key.prove(other)})
        assert (sent.status_code, sent.json()) == (
            400,
            {"error": "invalid_dpop_proof", "detail": "INVALID_DPOP_PROOF"},
        )
    two = [("dpop", key.prove(url)), ("dpop", key.prove(url))]
    assert (await page.client.post(url, headers=two)).json()["error"] == "invalid_dpop_proof"


async def test_each_answer_to_a_proof_has_a_nonce_errors_included(optional: Site, open_caller: OpenCaller) -> None:
    page, key = open_caller(PAGE, at=optional), Key()
    refused = await page.refresh(headers={"dpop": key.prove(f"http://localhost{PREFIX}/jwt/refresh")})
    assert (refused.status_code, code_of(refused)) == (401, "REFRESH_TOKEN_MISSING")
    assert refused.headers["dpop-nonce"]
    assert "dpop-nonce" not in (await page.refresh()).headers


async def test_the_key_is_the_caller_at_whatever_address(optional: Site, open_caller: OpenCaller, ada: str) -> None:
    program, abroad = (open_caller(PROGRAM, at=optional, address=address) for address in ("192.0.2.1", "198.51.100.7"))
    key = Key()
    first = await key.sign_in(program, ada)
    presented = {"json": {"refresh_token": first["refresh_token"]}}
    second = (await key.post(program, "/jwt/refresh", **presented)).json()
    assert (await key.post(abroad, "/jwt/refresh", **presented)).json()["refresh_token"] == second["refresh_token"]


async def test_where_it_is_required_nobody_begins_without_a_key(
    required: Site, open_caller: OpenCaller, ada: str
) -> None:
    for headers in (PAGE, PROGRAM):
        caller = open_caller(headers, at=required)
        form = {"data": {"username": ada, "password": PASSWORD}}
        for path, options in (("/jwt/login", form), ("/guest", {})):
            refused = await caller.post(path, **options)
            assert (refused.status_code, code_of(refused)) == (403, "SESSION_BINDING_REQUIRED")
            assert "bindSession" in refused.json()["detail"]["reason"]
    page, key = open_caller(PAGE, at=required), Key()
    assert (await key.post(page, "/guest")).status_code == 200
    assert (await key.post(page, "/jwt/refresh")).status_code == 200
    # A request that gets no refresh token has nothing to bind.
    bare = open_caller({}, at=required)
    assert (await bare.post("/jwt/login", data={"username": ada, "password": PASSWORD})).status_code == 200


async def test_a_session_made_before_it_was_required_ends(
    page: Caller, open_site: OpenSite, open_caller: OpenCaller, ada: str
) -> None:
    await page.sign_in(ada)
    later = open_caller(PAGE, at=await open_site(session_binding="required"))
    later.client.cookies = page.client.cookies
    assert code_of(await later.refresh()) == "REFRESH_TOKEN_PROOF_INVALID"


async def test_a_password_change_keeps_the_key(optional: Site, open_caller: OpenCaller, ada: str) -> None:
    page, key = open_caller(PAGE, at=optional), Key()
    token = (await key.sign_in(page, ada))["access_token"]
    changed = await page.patch_me(token, password="a new password", current_password=PASSWORD)
    assert await listed(page, changed.json()["access_token"]) == [True]
    assert (await page.refresh()).status_code == 401
    assert (await key.post(page, "/jwt/refresh")).status_code == 200


async def test_a_device_is_bound_by_the_key_that_it_redeems_with(
    required: Site, open_caller: OpenCaller, ada: str
) -> None:
    page, program = open_caller(PAGE, at=required), open_caller(PROGRAM, at=required)
    here, code = await Key().sign_in(page, ada), await ask(program)
    await answer(page, here["access_token"], "approve", code["user_code"], password=PASSWORD)
    refused = await poll(program, code)
    assert (refused.status_code, code_of(refused)) == (403, "SESSION_BINDING_REQUIRED")
    key = Key()
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "tests"}
    form["device_code"] = code["device_code"]
    redeemed = await key.post(program, "/device/token", data=form)
    assert redeemed.status_code == 200
    assert (await poll(program, code)).json() == {"error": "invalid_grant"}
    presented = {"json": {"refresh_token": redeemed.json()["refresh_token"]}}
    assert (await program.refresh(**presented)).status_code == 401
    assert (await key.post(program, "/jwt/refresh", **presented)).status_code == 200


async def test_proofs_are_not_looked_at_where_nobody_asked_for_binding(page: Caller, ada: str) -> None:
    form = {"username": ada, "password": PASSWORD}
    signed_in = await page.post("/jwt/login", data=form, headers={"dpop": "nonsense"})
    assert signed_in.status_code == 200 and "dpop-nonce" not in signed_in.headers
    assert await listed(page, signed_in.json()["access_token"]) == [False]


def test_nonces_are_good_for_their_stretch_and_the_next_on_every_server_with_the_same_keys() -> None:
    now = 9_000.0
    settings = SessionSettings(secret=SecretStr(SECRET))
    one, two = Nonces(settings, lambda: now), Nonces(settings, lambda: now)
    nonce = one.current()
    for moment, is_good in ((8_100.0, True), (9_899.0, True), (10_799.0, True), (10_800.0, False)):
        now = moment
        assert two.is_good(nonce) is is_good, moment
    now = 9_000.0
    foreign = Nonces(SessionSettings(secret=SecretStr("another secret, which is long enough too")), lambda: now)
    for forged in (foreign.current(), "", "10", "10.", f"10.{'A' * 43}", f"{nonce}.x", "\u0661.AAAA"):
        assert not one.is_good(forged)
    assert [one.use_once("a"), one.use_once("b"), one.use_once("a")] == [True, True, False]
    now = 90_000.0
    assert [one.use_once("c"), one.use_once("a")] == [True, True]
