"""Requests as whoever is signed in, with httpx: ``httpx.Client(auth=SessionAuth(session))``, or ``AsyncClient``."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable

import httpx

from .client.outgoing import Outgoing
from .client.session import Session


class SessionAuth(httpx.Auth):
    """Sends the session's access token, and after a 401 once more with a new one, as the same person.

    The token goes to the session's own server and to ``origins`` (``https://api.example``), to no other: a request to
    another one raises AuthError ``invalidOptions``. A body that can be sent only once (a generator) is not sent again.

    :raises SessionEnded: from the request, where nobody is signed in. It is never sent as a guest, or without a token.
    """

    def __init__(self, session: Session, *, origins: Iterable[str] = ()) -> None:
        self._outgoing = Outgoing(session, origins)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sent = self._outgoing.start(str(request.url))
        request.headers["Authorization"] = sent.header
        response = yield request
        if response.status_code == 401 and _can_repeat(request):
            request.headers["Authorization"] = sent.renew().header
            yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        sent = await asyncio.to_thread(self._outgoing.start, str(request.url))
        request.headers["Authorization"] = sent.header
        response = yield request
        if response.status_code == 401 and _can_repeat(request):
            renewed = await asyncio.to_thread(sent.renew)
            request.headers["Authorization"] = renewed.header
            yield request


def _can_repeat(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)
