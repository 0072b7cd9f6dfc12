"""Requests as whoever is signed in, with httpx and requests."""

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from stay_signed_in import AuthError, Session, SessionEnded
from stay_signed_in.httpx import SessionAuth
from stay_signed_in.requests import SessionAuth as RequestsAuth

from ..site import PASSWORD, SECRET
from .served import Served, spend


class TestHttpx:
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


class TestRequests:
    @pytest.fixture
    def api(self, session: Session) -> Iterator[requests.Session]:
        with requests.Session() as api:
            api.auth = RequestsAuth(session)
            yield api

    @pytest.mark.parametrize("kind", ["bytes", "text", "file"])
    def test_go_out_as_whoever_is_signed_in_and_once_more_after_a_401(
        self, api: requests.Session, session: Session, served: Served, ada: str, kind: str
    ) -> None:
        subject = session.stored().subject  # type: ignore[union-attr]
        assert api.get(f"{served.origin}/notes").json() == {"owner": subject}
        served.stop()
        served.start(secret=f"another {SECRET}")
        body: Any = {"bytes": b"a body", "text": "a body", "file": io.BytesIO(b"a body")}[kind]
        answer = api.post(f"{served.origin}/echo", data=body)
        assert answer.json() == {"subject": subject, "body": "a body"}
        assert [each.status_code for each in answer.history] == [401]
        assert served.count("POST /echo 401") == 1 and served.count("POST /v1/auth/jwt/refresh 200") == 1

    def test_are_sent_twice_at_most(self, api: requests.Session, served: Served, ada: str) -> None:
        assert api.get(f"{served.origin}/never").status_code == 401
        assert served.count("GET /never 401") == 2

    def test_are_sent_once_with_a_body_that_can_be_sent_only_once(
        self, api: requests.Session, served: Served, ada: str
    ) -> None:
        served.stop()
        served.start(secret=f"another {SECRET}")
        assert api.post(f"{served.origin}/echo", data=iter([b"a", b"b"])).status_code == 401
        assert served.count("POST /echo 401") == 1

    def test_renew_once_from_many_threads(self, session: Session, served: Served, ada: str) -> None:
        served.stop()
        served.start(secret=f"another {SECRET}")
        auth, statuses = RequestsAuth(session), []

        def ask() -> None:
            statuses.append(requests.get(f"{served.origin}/notes", auth=auth).status_code)

        threads = [threading.Thread(target=ask) for _ in range(10)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert statuses == [200] * 10 and served.count("POST /v1/auth/jwt/refresh 200") == 1

    def test_take_no_token_elsewhere_nor_along_a_redirect(
        self, api: requests.Session, served: Served, ada: str, tmp_path: Path
    ) -> None:
        with pytest.raises(AuthError, match="origins"):
            api.get("http://127.0.0.1:1/notes")
        (tmp_path / "other").mkdir()
        other = Served(tmp_path / "other").start()
        try:
            answer = api.get(f"{served.origin}/away", params={"to": f"{other.origin}/notes"})
            assert answer.status_code == 401 and "authorization" not in answer.request.headers
            assert other.count("GET /notes 401") == 1
            assert not any("/refresh" in each for each in served.requests)
        finally:
            other.stop()

    def test_are_not_sent_where_nobody_is_signed_in_nor_as_somebody_else(
        self, api: requests.Session, session: Session, served: Served
    ) -> None:
        with pytest.raises(SessionEnded):
            api.get(f"{served.origin}/notes")
        assert served.count("GET /notes 401") == 0
        session.sign_in(served.register(), PASSWORD)
        served.before_answer = lambda: session.sign_in(served.register(), PASSWORD)
        with pytest.raises(AuthError) as refused:
            api.get(f"{served.origin}/never")
        assert refused.value.code == "identityChanged"
