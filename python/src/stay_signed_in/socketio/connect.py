"""Stays connected as whoever is signed in, with python-socketio's ``Client`` and ``AsyncClient``."""

import asyncio
import inspect
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

from ..client.errors import AuthError, SessionEnded
from ..client.session import Session, worth_until

logger = logging.getLogger("stay_signed_in")

LOOK_SECONDS, RENEW_TIMEOUT_SECONDS = 0.5, 10.0
EndListener = Callable[[AuthError], None]


def connect(client: socketio.Client, session: Session, url: str, **options: Any) -> None:
    """Connects with ``auth: {token}``, renews the token in the running connection, and reconnects as the same person.

    ::

        client = socketio.Client()
        connect(client, Session("https://api.example/v1/auth"), "https://api.example")

    It reconnects by itself after a lost connection and after the server has ended it, until ``client.disconnect()``.
    When the session has ended, or somebody else is signed in by now, it disconnects, calls ``on_session_ended(error)``
    (by default it logs the error, which names the command that mends it) and stays out: it is never a guest. All other
    `options` go to ``client.connect``.

    :raises SessionEnded: nobody is signed in. :raises AuthError: the server of the session is not reached.
    :raises socketio.exceptions.ConnectionError: the socket's server is not reached, or refuses a new token, too.
    """
    keeper = _Keeper(client, session, url, options, lambda method, *words, **named: method(*words, **named))
    keeper.open()
    keeper.start()


async def connect_async(client: socketio.AsyncClient, session: Session, url: str, **options: Any) -> None:
    """As :func:`connect`, for ``AsyncClient``."""
    loop = asyncio.get_running_loop()

    def run(method: Any, *words: Any, **named: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(method(*words, **named), loop).result()

    keeper = _Keeper(client, session, url, options, run)
    await asyncio.to_thread(keeper.open)
    keeper.start()


class _Keeper:
    """Works in a thread of its own, since the session's calls block; `run` carries out what the client does."""

    def __init__(
        self, client: Any, session: Session, url: str, options: dict[str, Any], run: Callable[..., Any]
    ) -> None:
        self._client, self._session, self._url, self._run = client, session, url, run
        self._on_end: EndListener = options.pop("on_session_ended", _log_end)
        self._options = {"wait_timeout": 10} | options
        self._subject: str | None = None
        self._sent = ""
        self._left = threading.Event()
        # How often it was asked to disconnect amid an attempt; a failed attempt asks once by itself.
        self._asked: int | None = None
        self._first_delay, self._longest_delay = client.reconnection_delay, client.reconnection_delay_max
        # The keeper reconnects, with a token that is good then; the client itself would not come back from a refusal.
        client.reconnection = False

    def open(self) -> None:
        token = self._token(None)
        try:
            self._attempt(token)
        except SocketIOError:
            if not self._client.failed_namespaces:
                raise
            # Refused: perhaps it is the token.
            self._attempt(self._token(token))

    def start(self) -> None:
        leave = self._client.disconnect

        def note() -> None:
            if self._asked is None:
                self._left.set()
            else:
                self._asked += 1

        def disconnect(*words: Any, **named: Any) -> Any:
            note()
            return leave(*words, **named)

        async def disconnect_async(*words: Any, **named: Any) -> None:
            note()
            await leave(*words, **named)

        self._client.disconnect = disconnect_async if inspect.iscoroutinefunction(leave) else disconnect
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        delay = self._first_delay
        while not self._left.wait(LOOK_SECONDS):
            try:
                if self._client.connected:
                    delay = self._first_delay
                    self._renew_when_due()
                elif not self._left.wait(delay * (0.5 + random.random())):
                    delay = min(delay * 2, self._longest_delay)
                    self.open()
            except AuthError as error:
                if isinstance(error, SessionEnded) or error.code == "identityChanged":
                    return self._end(error)
            except (SocketIOError, ValueError):
                pass  # Not reached, or the former connection is still being closed (ValueError): again after a pause.
            except RuntimeError:
                return  # The event loop is closed.

    def _attempt(self, token: str) -> None:
        self._asked, by_itself = 0, 0
        try:
            self._run(self._client.connect, self._url, auth={"token": token}, **self._options)
            self._sent = token
        except SocketIOError:
            by_itself = 1
            raise
        finally:
            was_asked, self._asked = self._asked > by_itself, None
            if was_asked:
                self._left.set()
                self._run(self._client.disconnect)

    def _token(self, refused: str | None) -> str:
        token = self._session.renew(refused) if refused else self._session.access_token()
        stored = self._session.stored()
        subject = stored.subject if stored else None
        if self._subject is not None and subject != self._subject:
            raise AuthError("identityChanged", "Somebody else is signed in by now; the socket stays out.")
        self._subject = subject
        return token

    def _renew_when_due(self) -> None:
        stored = self._session.stored()
        if stored is not None and stored.accessToken == self._sent and time.time() < worth_until(stored):
            return
        token = self._token(None)
        if token == self._sent:
            return
        self._sent = token
        for namespace in list(self._client.namespaces):
            # A server that knows no renewal does not answer, and ends the socket in its time.
            self._run(
                self._client.call, "auth:renew", {"token": token}, namespace=namespace, timeout=RENEW_TIMEOUT_SECONDS
            )

    def _end(self, error: AuthError) -> None:
        self._left.set()
        if self._client.connected:
            self._run(self._client.disconnect)
        self._on_end(error)


def _log_end(error: AuthError) -> None:
    logger.error("The socket was disconnected: %s", error)
