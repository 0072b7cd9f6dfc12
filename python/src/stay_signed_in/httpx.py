"""Requests as whoever is signed in, with httpx: ``httpx.Client(auth=SessionAuth(session))``, or ``AsyncClient``."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable

import httpx

from .client.address import origin_of
from .client.errors import AuthError
from .client.session import Session


class SessionAuth(httpx.Auth):
    """Sends the session's access token, and after a 401 once more with a new one, as the same person.

    The token goes to the session's own server and to ``origins`` (``https://api.example``), to no other: a request to
    another one raises AuthError ``invalidOptions``. A body that can be sent only once (a generator) is not sent again.

    :raises SessionEnded: from the request, where nobody is signed in. It is never sent as a guest, or without a token.
    """

    def __init__(self, session: Session, *, origins: Iterable[str] = ()) -> None:
        self._session = session
        self._origins = {origin_of(each) for each in (session.address, *origins)}

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._check(request)
        stored = self._session.stored()
        token = self._session.access_token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401 and _can_repeat(request):
            renewed = self._session.renew(token)
            self._check_subject(stored.subject if stored else None)
            request.headers["Authorization"] = f"Bearer {renewed}"
            yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        self._check(request)
        stored = await asyncio.to_thread(self._session.stored)
        token = await asyncio.to_thread(self._session.access_token)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401 and _can_repeat(request):
            renewed = await asyncio.to_thread(self._session.renew, token)
            self._check_subject(stored.subject if stored else None)
            request.headers["Authorization"] = f"Bearer {renewed}"
            yield request

    def _check(self, request: httpx.Request) -> None:
        origin = origin_of(str(request.url))
        if origin not in self._origins:
            message = (
                f"The token of {self._session.address} is not sent to {origin}. Name it in `origins` if that is meant."
            )
            raise AuthError("invalidOptions", message)

    def _check_subject(self, subject: str | None) -> None:
        now = self._session.stored()
        if now is not None and subject is not None and now.subject != subject:
            raise AuthError("identityChanged", "Somebody else is signed in by now; the request was not sent as them.")


def _can_repeat(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)
