"""Scripts against the real app, served by uvicorn: one session, requests and sockets as whoever is signed in."""

import asyncio
import io
import json
import os
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
import uvicorn
from fastapi import Request
from sqlalchemy import update

from stay_signed_in import AuthError, DevicePrompt, Session, SessionEnded, SessionFileError
from stay_signed_in.__main__ import main
from stay_signed_in.client import device
from stay_signed_in.client.address import parse_server_address
from stay_signed_in.httpx import SessionAuth
from stay_signed_in.socketio import SocketGuard, connect, connect_async

from .site import PASSWORD, SECRET, Site, make_site, some_address


class Served:
    """The app on a free port, in a thread with a loop of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.settings, self.port = folder, settings, 0
        self.requests: list[str] = []
        self.refused: set[str] = set()

    def start(self, **settings: Any) -> "Served":
        self.settings |= settings
        self.site: Site = make_site(f"sqlite+aiosqlite:///{self.folder}/app.sqlite", **self.settings)

        @self.site.app.middleware("http")
        async def note(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            self.requests.append(f"{request.method} {request.url.path} {response.status_code}")
            return response

        @self.site.app.post("/echo")
        async def echo(request: Request) -> Any:
            token = await self.site.backend.verify(request.headers["authorization"].removeprefix("Bearer "))
            return {"subject": token.subject, "body": (await request.body()).decode()}

        sio = socketio.AsyncServer(async_mode="asgi")
        guard = SocketGuard(sio, self.site.backend, check_seconds=0.2)

        async def accept(sid: str, _environ: Any, auth: Any = None) -> None:
            await guard.accept(sid, auth)

        async def who(sid: str) -> str:
            return guard.token_of(sid).subject

        sio.on("connect", accept)
        sio.on("who", who)
        config = uvicorn.Config(
            socketio.ASGIApp(sio, self.site.app), host="127.0.0.1", port=self.port, log_level="error", lifespan="off"
        )
        self.server = uvicorn.Server(config)

        async def serve() -> None:
            async with self.site.app.router.lifespan_context(self.site.app):
                await self.server.serve()
            await self.site.engine.dispose()

        self.thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self.thread.start()
        until(lambda: self.server.started)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1/auth"

    def count(self, request: str) -> int:
        return self.requests.count(request)

    def register(self) -> str:
        email = some_address()
        assert httpx.post(f"{self.url}/register", json={"email": email, "password": PASSWORD}).status_code == 201
        return email


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for what another thread does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.02)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path, refresh_token_secrets=["r" * 32]).start()
    yield server
    server.stop()


@pytest.fixture
def session(served: Served, tmp_path: Path) -> Session:
    return Session(served.url, session_file=str(tmp_path / "private" / "sessions.json"))


@pytest.fixture
def ada(served: Served, session: Session) -> str:
    email = served.register()
    session.sign_in(email, PASSWORD)
    return email


def spend(session: Session) -> None:
    """As if the stored access token had been got a day ago."""
    text = json.loads(Path(session.session_file).read_text())
    for entry in text["servers"].values():
        entry["session"]["accessTokenSentAt"] -= 86_400_000
        entry["session"]["accessTokenExpiresAt"] -= 86_400_000
    Path(session.session_file).write_text(json.dumps(text))


def test_a_session_goes_on_in_another_process_and_is_private(session: Session, served: Served, ada: str) -> None:
    other = Session(served.url, session_file=session.session_file)
    assert other.access_token() == session.access_token()
    assert stat.S_IMODE(os.stat(session.session_file).st_mode) == 0o600
    assert PASSWORD not in Path(session.session_file).read_text()
    assert "ssr1." not in repr(session.stored())


def test_a_spent_token_is_renewed_once_for_all_threads(session: Session, served: Served, ada: str) -> None:
    spend(session)
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(session.access_token())) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(tokens)) == 1 and len(tokens) == 10
    assert served.count("POST /v1/auth/jwt/refresh 200") == 1


def test_an_ended_session_says_so_with_the_command_and_is_never_a_guest(
    session: Session, served: Served, ada: str
) -> None:
    with pytest.raises(SessionEnded, match="Nobody is signed in") as never:
        Session(served.url, session_file=f"{session.session_file}.other").access_token()
    assert never.value.reason == "none"
    refresh_token = session.stored().refreshToken  # type: ignore[union-attr]
    httpx.post(f"{served.url}/jwt/logout", json={"refresh_token": refresh_token}, headers={"auth-transport": "body"})
    spend(session)
    for _ in range(2):
        with pytest.raises(SessionEnded, match="ended by the server") as ended:
            session.access_token()
        assert ended.value.command == f"python -m stay_signed_in login --url {served.url}"
    assert not any("/guest" in each for each in served.requests)


def test_an_outage_ends_nothing(session: Session, served: Served, ada: str) -> None:
    token = session.access_token()
    served.stop()
    assert session.access_token() == token
    spend(session)
    with pytest.raises(AuthError) as down:
        session.access_token()
    assert down.value.code == "unavailable"
    served.start()
    assert session.access_token() != token


def test_signing_out_works_without_the_server_which_is_told_later(session: Session, served: Served, ada: str) -> None:
    served.stop()
    session.sign_out()
    with pytest.raises(SessionEnded):
        session.access_token()
    served.start()
    session.sign_in(served.register(), PASSWORD)
    assert served.count("POST /v1/auth/jwt/logout 204") == 1


def test_a_guest_only_when_asked_and_never_over_a_user(session: Session, served: Served) -> None:
    assert session.sign_in_as_guest().isGuest is True
    session.sign_in(served.register(), PASSWORD)
    with pytest.raises(AuthError) as refused:
        session.sign_in_as_guest()
    assert refused.value.code == "sessionExists"


def test_a_wrong_password_is_called_one_and_not_kept(session: Session, served: Served) -> None:
    with pytest.raises(AuthError) as wrong:
        session.sign_in(served.register(), "a wrong password")
    assert wrong.value.code == "credentialsRejected" and "a wrong password" not in str(wrong.value)


def test_a_device_is_signed_in_by_whoever_approves_its_code(session: Session, served: Served) -> None:
    email = served.register()
    pauses: list[float] = []

    def approve(prompt: DevicePrompt) -> None:
        page = httpx.Client(headers={"origin": served.origin, "sec-fetch-site": "same-origin"})
        token = page.post(f"{served.url}/jwt/login", data={"username": email, "password": PASSWORD}).json()[
            "access_token"
        ]
        body = {"user_code": prompt.user_code, "password": PASSWORD}
        approved = page.post(f"{served.url}/device/approve", json=body, headers={"authorization": f"Bearer {token}"})
        assert approved.status_code == 204 and prompt.verification_uri == f"{served.url}/device"

    answer = device.run_device_grant(session._wire, "tests", approve, sleep=pauses.append)
    assert answer.status == 200 and pauses == [5.0]


def test_a_session_that_node_has_bound_to_a_key_is_left_alone_and_its_key_kept(
    session: Session, served: Served, ada: str, tmp_path: Path
) -> None:
    path = Path(session.session_file)
    text = json.loads(path.read_text())
    key = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}
    text["servers"][served.url]["session"]["key"] = key
    path.write_text(json.dumps(text))
    assert session.access_token()
    # Another server's entry is written beside it.
    (tmp_path / "other").mkdir()
    other = Served(tmp_path / "other").start()
    Session(other.url, session_file=str(path)).sign_in(other.register(), PASSWORD)
    other.stop()
    assert json.loads(path.read_text())["servers"][served.url]["session"]["key"] == key
    assert "key" not in json.loads(path.read_text())["servers"][other.url]["session"]
    spend(session)
    before = path.read_text()
    with pytest.raises(AuthError, match="stay-signed-in token") as refused:
        session.access_token()
    assert refused.value.code == "invalidOptions" and path.read_text() == before
    assert not any("refresh" in request for request in served.requests)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "sessionFileDamaged"), ("{}", "sessionFileDamaged"), ('{"version": 9, "servers": {}}', "sessionFileTooNew")],
)
def test_a_damaged_file_is_left_alone_until_somebody_signs_in(
    session: Session, served: Served, text: str, code: str
) -> None:
    Path(session.session_file).parent.mkdir()
    Path(session.session_file).write_text(text)
    Path(session.session_file).chmod(0o600)
    with pytest.raises(SessionFileError) as refused:
        session.access_token()
    assert refused.value.code == code and Path(session.session_file).read_text() == text
    if code == "sessionFileDamaged":
        session.sign_in(served.register(), PASSWORD)
        assert session.access_token()
        (kept,) = Path(session.session_file).parent.glob("*.corrupt-*")
        assert kept.read_text() == text


def test_a_file_that_others_can_read_is_refused(session: Session, ada: str) -> None:
    Path(session.session_file).chmod(0o644)
    with pytest.raises(SessionFileError, match="chmod 600"):
        session.access_token()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("HTTPS://API.example:443/v1/auth/", "https://api.example/v1/auth"),
        ("http://localhost:8000/v1/auth", "http://localhost:8000/v1/auth"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://bücher.example/a b", "https://xn--bcher-kva.example/a%20b"),
    ],
)
def test_an_address_has_one_spelling(url: str, address: str) -> None:
    assert parse_server_address(url) == address


@pytest.mark.parametrize(
    "url", ["api.example", "http://api.example", "https://a:b@c.example", "https://a.example?x", "//"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(AuthError) as refused:
        Session(url)
    assert refused.value.code == "invalidOptions"


def test_the_keyring_is_not_passed_over_in_silence() -> None:
    with pytest.raises(AuthError, match="STAY_SIGNED_IN_KEYRING"):
        Session("http://localhost:8000", env={"STAY_SIGNED_IN_KEYRING": "1"})


class TestCommandLine:
    def test_signs_in_shows_and_signs_out(
        self, served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = ["--url", served.url, "--session-file", str(tmp_path / "private" / "cli.json")]
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        assert main(["login", "--username", served.register(), "--password-stdin", *place]) == 0
        assert main(["status", *place]) == 0
        assert "as a user" in capsys.readouterr().out
        assert main(["token", *place]) == 0
        assert capsys.readouterr().out.count(".") == 2
        assert main(["logout", *place]) == 0
        assert main(["token", *place]) == 3
        assert "python -m stay_signed_in login" in capsys.readouterr().err


class TestRequests:
    def test_go_out_as_whoever_is_signed_in_and_once_more_after_a_401(
        self, session: Session, served: Served, ada: str
    ) -> None:
        subject = session.stored().subject  # type: ignore[union-attr]
        with httpx.Client(auth=SessionAuth(session)) as client:
            assert client.get(f"{served.origin}/notes").json() == {"owner": subject}
            # Another secret: every access token is worthless, and only the server knows.
            served.stop()
            served.start(secret=f"another {SECRET}")
            assert client.get(f"{served.origin}/notes").json() == {"owner": subject}
        assert served.count("GET /notes 401") == 1 and served.count("POST /v1/auth/jwt/refresh 200") == 1

    async def test_go_out_of_coroutines_too(self, session: Session, served: Served, ada: str) -> None:
        spend(session)
        async with httpx.AsyncClient(auth=SessionAuth(session)) as client:
            answers = await asyncio.gather(*(client.get(f"{served.origin}/notes") for _ in range(10)))
        assert {each.status_code for each in answers} == {200}
        assert served.count("POST /v1/auth/jwt/refresh 200") == 1

    def test_take_no_token_elsewhere(self, session: Session, ada: str) -> None:
        with httpx.Client(auth=SessionAuth(session)) as client, pytest.raises(AuthError, match="origins"):
            client.get("http://127.0.0.1:1/notes")

    def test_are_not_sent_where_nobody_is_signed_in(self, session: Session, served: Served) -> None:
        with httpx.Client(auth=SessionAuth(session)) as client, pytest.raises(SessionEnded):
            client.get(f"{served.origin}/notes")
        assert served.count("GET /notes 401") == 0


class TestSockets:
    @pytest.fixture
    def short(self, served: Served) -> Served:
        served.stop()
        return served.start(token_lifetime_seconds=6)

    @pytest.fixture
    async def opened(self) -> AsyncIterator[list[Any]]:
        clients: list[Any] = []
        yield clients
        for client in clients:
            if asyncio.iscoroutinefunction(client.disconnect):
                await client.disconnect()
            else:
                await asyncio.to_thread(client.disconnect)

    async def test_live_on_over_renewals_of_their_token(
        self, short: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client, sync_client = socketio.AsyncClient(), socketio.Client()
        opened += [client, sync_client]
        disconnects: list[Any] = []
        client.on("disconnect", disconnects.append)
        await connect_async(client, session, short.origin)
        await asyncio.to_thread(connect, sync_client, session, short.origin)
        first = session.stored()
        ids = (client.sid, sync_client.sid)
        # Past the end of the token that the handshakes were made with.
        await asyncio.to_thread(until, lambda: time.time() * 1000 > first.accessTokenExpiresAt + 2_000)  # type: ignore
        assert await client.call("who") == first.subject  # type: ignore[union-attr]
        assert await asyncio.to_thread(sync_client.call, "who") == first.subject  # type: ignore[union-attr]
        assert (client.sid, sync_client.sid) == ids and disconnects == []

    async def test_come_back_as_the_same_person_with_a_token_that_a_restarted_server_takes(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        await connect_async(client, session, served.origin)
        subject, old = await client.call("who"), client.sid
        await asyncio.to_thread(served.stop)
        await asyncio.to_thread(served.start, secret=f"another {SECRET}")
        await asyncio.to_thread(until, lambda: client.connected and client.sid not in (None, old))
        assert await client.call("who") == subject

    async def test_end_with_the_session_and_stay_out(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        ended: list[AuthError] = []
        await connect_async(client, session, served.origin, on_session_ended=ended.append)
        session.sign_out()
        await asyncio.to_thread(until, lambda: len(ended) == 1)
        assert not client.connected and isinstance(ended[0], SessionEnded)
        with pytest.raises(SessionEnded):
            await connect_async(client, session, served.origin)

    async def test_stay_out_when_somebody_else_is_signed_in_by_now(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        ended: list[AuthError] = []
        await connect_async(client, session, served.origin, on_session_ended=ended.append)
        await asyncio.to_thread(session.sign_in, served.register(), PASSWORD)
        await asyncio.to_thread(until, lambda: len(ended) == 1)
        assert ended[0].code == "identityChanged" and not client.connected

    # X10
    @pytest.mark.parametrize("how", ["deactivated by SQL", "deleted", "re-passworded"])
    async def test_of_a_user_who_is_shut_out_end(
        self, served: Served, session: Session, ada: str, opened: list[Any], how: str
    ) -> None:
        client = socketio.AsyncClient(reconnection=False)
        opened.append(client)
        await client.connect(served.origin, auth={"token": session.access_token()})
        if how == "deactivated by SQL":
            await served.site.change_user(ada, is_active=False)
        else:
            users = served.site.user_model
            async with served.site.backend.open_session() as db:
                if how == "deleted":
                    from sqlalchemy import delete

                    await db.execute(delete(users).where(users.email == ada))
                else:
                    await db.execute(update(users).where(users.email == ada).values(credential_version=7))
                await db.commit()
        await asyncio.to_thread(until, lambda: not client.connected)
        refused: list[Any] = []
        client.on("connect_error", refused.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(served.origin, auth={"token": session.access_token()}, wait_timeout=5)
        assert refused[0]["data"] == {"code": "TOKEN_INVALID"}

    async def test_without_a_good_token_are_refused_with_a_code(self, served: Served, opened: list[Any]) -> None:
        for auth in ({"token": "nonsense"}, {"token": 7}, {"token": "\0"}, {}, "text"):
            client = socketio.AsyncClient(reconnection=False)
            refused: list[Any] = []
            client.on("connect_error", refused.append)
            with pytest.raises(socketio.exceptions.ConnectionError):
                await client.connect(served.origin, auth=auth, wait_timeout=5)
            assert refused[0]["data"] == {"code": "TOKEN_INVALID"}
