"""Scripts against the real app: one session, and who is signed in."""

import io
import json
import os
import stat
import threading
from pathlib import Path

import httpx
import pytest

from stay_signed_in import AuthError, DevicePrompt, Session, SessionEnded, SessionFileError
from stay_signed_in.__main__ import main
from stay_signed_in.client import device
from stay_signed_in.client.address import parse_server_address

from ..site import PASSWORD
from .served import Served, file_of, spend


def test_a_session_goes_on_in_another_process_and_is_private(session: Session, served: Served, ada: str) -> None:
    other = Session(served.url, session_file=session.session_file)
    assert other.access_token() == session.access_token()
    assert stat.S_IMODE(os.stat(file_of(session)).st_mode) == 0o600
    assert PASSWORD not in file_of(session).read_text()
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
    path = file_of(session)
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
    file_of(session).parent.mkdir()
    file_of(session).write_text(text)
    file_of(session).chmod(0o600)
    with pytest.raises(SessionFileError) as refused:
        session.access_token()
    assert refused.value.code == code and file_of(session).read_text() == text
    if code == "sessionFileDamaged":
        session.sign_in(served.register(), PASSWORD)
        assert session.access_token()
        (kept,) = file_of(session).parent.glob("*.corrupt-*")
        assert kept.read_text() == text


def test_a_file_that_others_can_read_is_refused(session: Session, ada: str) -> None:
    file_of(session).chmod(0o644)
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
