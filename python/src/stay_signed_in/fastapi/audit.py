"""What the app can listen to: ended sessions and audit events. Nothing of it runs inside a request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import HTTPConnection

logger = logging.getLogger("stay_signed_in")

AuditEventType = Literal[
    "registered",
    "signedIn",
    "signInFailed",
    "guestStarted",
    "passwordChanged",
    "deviceApproved",
    "deviceDenied",
    "refreshed",
    "graceRepeat",
    "graceRepeatElsewhere",
    "lateRepeat",
    "proofRefused",
    "reuseDetected",
    "restoredSession",
    "sessionEnded",
    "rateLimited",
]


@dataclass(frozen=True)
class Ended:
    """A session that has just ended."""

    session_id: str
    user_id: Any


@dataclass(frozen=True)
class AuditEvent:
    """What happened, for a log or a monitor. Holds no token, password or code."""

    type: AuditEventType
    #: Seconds since 1970.
    at: float
    subject: str | None
    session_id: str | None
    address: str | None
    #: At most 256 characters.
    user_agent: str | None
    #: The key that signed the refresh token presented.
    key_id: str | None


UserListener = Callable[[Any], Awaitable[None]]
EndedListener = Callable[[Ended], Awaitable[None]]
AuditListener = Callable[[AuditEvent], Awaitable[None]]


class Listeners:
    """Runs listeners as tasks of their own: none can hold up a request, or wait for the database that it holds."""

    def __init__(self) -> None:
        self._ended: list[EndedListener] = []
        self._audit: list[AuditListener] = []
        #: Called with the id of a user who was deactivated or deleted or got another password.
        self.user_changed: list[UserListener] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def on_session_ended(self, listener: EndedListener) -> EndedListener:
        self._ended.append(listener)
        return listener

    def on_audit(self, listener: AuditListener) -> AuditListener:
        self._audit.append(listener)
        return listener

    def announce(self, ended: Iterable[Ended]) -> None:
        for each in ended:
            self.audit("sessionEnded", None, subject=str(each.user_id), session_id=each.session_id)
            for listener in self._ended:
                self.run(lambda each=each, listener=listener: listener(each))  # type: ignore[misc]

    def audit(
        self,
        type_: AuditEventType,
        connection: HTTPConnection | None,
        *,
        subject: str | None = None,
        session_id: str | None = None,
        key_id: str | None = None,
    ) -> None:
        if not self._audit:
            return
        address = client_address(connection) if connection is not None else None
        agent = user_agent(connection) if connection is not None else None
        happened = AuditEvent(type_, time.time(), subject, session_id, address, agent, key_id)
        for listener in self._audit:
            self.run(lambda listener=listener: listener(happened))  # type: ignore[misc]

    def run(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Outside of an event loop, as in a script of the operator's, there is nobody to tell."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        task = loop.create_task(_carry_out(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Waits until everything that was announced so far has been carried out. For tests and the shutdown."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


async def _carry_out(work: Callable[[], Awaitable[Any]]) -> None:
    try:
        await work()
    except Exception:
        logger.exception("A listener failed; what it was told of has happened all the same.")


def client_address(connection: HTTPConnection) -> str:
    """As uvicorn tells it; behind a proxy start it with ``--proxy-headers --forwarded-allow-ips=PROXY``."""
    return connection.client.host[:64] if connection.client else ""


def user_agent(connection: HTTPConnection) -> str:
    return connection.headers.get("user-agent", "")[:256]
