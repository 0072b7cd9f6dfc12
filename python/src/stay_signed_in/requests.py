"""Requests as whoever is signed in, with requests: ``requests.get(url, auth=SessionAuth(session))``."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import requests
from requests.auth import AuthBase
from requests.utils import rewind_body

from .client.outgoing import Outgoing, SentToken
from .client.session import Session


class SessionAuth(AuthBase):
    """Sends the session's access token, and after a 401 once more with a new one, as the same person.

    ::

        api = requests.Session()
        api.auth = SessionAuth(Session("https://api.example/v1/auth"))

    The token goes to the session's own server and to ``origins`` (``https://api.example``), to no other: a request to
    another one raises AuthError ``invalidOptions``, a redirect to another one goes on without the token. A body that
    can be sent only once (a generator) is not sent again.

    :raises SessionEnded: from the request, where nobody is signed in. It is never sent as a guest, or without a token.
    """

    def __init__(self, session: Session, *, origins: Iterable[str] = ()) -> None:
        self._outgoing = Outgoing(session, origins)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        sent = self._outgoing.start(request.url or "")
        request.headers["Authorization"] = sent.header
        request.register_hook("response", partial(_repeat_refused, sent))
        return request


def _repeat_refused(sent: SentToken, response: requests.Response, **options: Any) -> requests.Response:
    request = response.request
    # Redirects inherit the hook; where requests has taken the token off, it is not put back on.
    if response.status_code != 401 or request.headers.get("Authorization") != sent.header or not _can_repeat(request):
        return response
    renewed = sent.renew()
    # Read to its end, so that the connection can be used again.
    _ = response.content
    response.close()
    again = request.copy()
    if again._body_position is not None:
        rewind_body(again)
    again.headers["Authorization"] = renewed.header
    # Past the session, whose hooks would run once more.
    answer: requests.Response = response.connection.send(again, **options)
    answer.history.append(response)
    answer.request = again
    return answer


def _can_repeat(request: requests.PreparedRequest) -> bool:
    return isinstance(request.body, (bytes, str, type(None))) or isinstance(request._body_position, int)
