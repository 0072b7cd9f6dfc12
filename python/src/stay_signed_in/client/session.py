"""The session of a user at a server, kept in the file that all of the user's processes share."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any

from .address import parse_server_address
from .device import DevicePrompt, run_device_grant
from .errors import AuthError, EndReason, SessionEnded
from .file_lock import LockTimeoutError, file_lock
from .session_file import SessionFile
from .session_format import ServerEntry, StoredSession
from .session_store import open_session_store
from .wire import Answer, Wire, to_stored_session

MOST_ROUNDS, REREAD_SECONDS, LONGEST_EXCHANGE_SECONDS, FORSAKEN_SECONDS = 6, 0.2, 30.0, 60.0


def worth_until(session: StoredSession) -> float:
    """Until when the stored token is used as it is, in wall-clock seconds: well before its end."""
    expires, sent = session.accessTokenExpiresAt, session.accessTokenSentAt
    if expires is None:
        return float("inf")
    lifetime = expires - sent
    ahead = min(min(max(lifetime / 5, 5_000), 120_000), lifetime / 3)
    floor = min(max(lifetime / 2, 1_000), 5_000)
    return (expires - max(ahead, floor + 1_000)) / 1000


class Session:
    """Who is signed in at ``url`` on this machine, in all of the user's processes, Node's as well as Python's.

    ``url`` is the address of the auth endpoints, by default the environment's ``STAY_SIGNED_IN_URL``. The session lies
    in ``session_file``, by default ``STAY_SIGNED_IN_SESSION_FILE``, else ``stay-signed-in/sessions.json`` in the folder
    for configuration; with ``keyring``, by default ``STAY_SIGNED_IN_KEYRING``, in the system's keyring
    (``pip install "stay-signed-in[keyring]"``). Making one touches nothing. Everything may be called from several
    threads; nothing is async: in a coroutine use ``await asyncio.to_thread(session.access_token)``.

    ::

        session = Session("https://api.example/v1/auth")
        headers = {"Authorization": f"Bearer {session.access_token()}"}

    :raises AuthError: ``invalidOptions``.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        session_file: str | None = None,
        keyring: bool | None = None,
        timeout: float = 10.0,
        dangerously_allow_http: bool = False,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        given = url or env.get("STAY_SIGNED_IN_URL")
        if not given:
            raise AuthError("invalidOptions", "No server is named. Pass its address, or set STAY_SIGNED_IN_URL.")
        self.address = parse_server_address(given, dangerously_allow_http=dangerously_allow_http)
        self._store, place = open_session_store(session_file, keyring, env)
        self._wire = Wire(self.address, timeout)
        short = hashlib.sha256(self.address.encode()).hexdigest()[:16]
        self._exchange_lock = f"{place.path}.{short}.exchange.lock"
        self._here = threading.RLock()

    @property
    def session_file(self) -> str | None:
        """None: it lies in the keyring."""
        return self._store.path if isinstance(self._store, SessionFile) else None

    def stored(self) -> StoredSession | None:
        """What is kept, without asking the server. :raises SessionFileError:"""
        return self._store.read_server(self.address).session

    def access_token(self) -> str:
        """A good access token, renewed when that is due. However many processes ask, one renews.

        :raises SessionEnded: nobody is signed in, or not any more; ``command`` says how to begin.
        :raises AuthError: ``unavailable``: the server is not reached and the token has run out; the session goes on.
        :raises SessionFileError:
        """
        return self._good(None).accessToken

    def renew(self, refused: str | None = None) -> str:
        """Another token than `refused` (by default the stored one), as after a 401. :raises: as `access_token`."""
        stored = self.stored()
        return self._good(refused or (stored.accessToken if stored else None)).accessToken

    def sign_in(self, username: str, password: str) -> StoredSession:
        """:raises AuthError: ``credentialsRejected``, ``rateLimited``, ``unavailable``. :raises SessionFileError:"""
        form = {"grant_type": "password", "username": username, "password": password}
        return self._begin(lambda: self._wire.post("/jwt/login", form=form))

    def sign_in_as_guest(self) -> StoredSession:
        """Only when it is asked for: an ended session never becomes a guest. :raises AuthError: ``sessionExists``."""
        stored = self.stored()
        if stored is not None and not stored.isGuest:
            raise AuthError("sessionExists", "A user is signed in here; sign out before a guest session is started.")
        return self._begin(lambda: self._wire.post("/guest"))

    def sign_in_with_device(
        self, on_prompt: Callable[[DevicePrompt], None], *, client_id: str = "stay-signed-in"
    ) -> StoredSession:
        """Shows a code that somebody approves on a page elsewhere, and waits for that (RFC 8628).

        :raises AuthError: ``credentialsRejected`` when it was denied or ran out, ``invalidOptions`` where the server
            has no such sign-in, ``rateLimited``, ``unavailable``.
        """
        return self._begin(lambda: run_device_grant(self._wire, client_id, on_prompt))

    def sign_out(self) -> None:
        """Ends the session here at once, and on the server now or, if that is not reached, at the next occasion."""

        def leave(entry: ServerEntry) -> ServerEntry:
            if entry.session is None:
                return entry
            return ServerEntry(owed=(*entry.owed, *_owed(entry.session)))

        self._store.update_server(self.address, leave)
        self._tell_owed()

    def _begin(self, ask: Callable[[], Answer]) -> StoredSession:
        # A session that could not be kept is not asked for.
        self._store.assert_writable(self.address, replace_damaged=True)
        answer = ask()
        session = to_stored_session(answer, None)
        if session is None:
            raise _explain(answer)

        def enter(entry: ServerEntry) -> ServerEntry:
            return ServerEntry(session=session, owed=(*entry.owed, *_owed(entry.session)))

        if self._store.update_server(self.address, enter, replace_damaged=True).owed:
            self._tell_owed()
        return session

    def _good(self, refused: str | None) -> StoredSession:
        with self._here:
            for _ in range(MOST_ROUNDS):
                entry = self._store.read_server(self.address)
                session = entry.session
                if session is None:
                    raise SessionEnded(self.address, (entry.ended or {"reason": "none"})["reason"])
                now = time.time()
                is_known = session.accessTokenSentAt / 1000 <= now + 60
                if session.accessToken != refused and is_known and now < worth_until(session):
                    return session
                if session.key is not None:
                    raise AuthError(
                        "invalidOptions",
                        "This session is bound to a key, which Python cannot prove, and its token has to be renewed. "
                        "Get one by: stay-signed-in token. Or sign in anew without --bind-session.",
                    )
                try:
                    found = self._exchange(session, refused)
                except AuthError as error:
                    expires = session.accessTokenExpiresAt
                    is_good = session.accessToken != refused and expires is not None and now * 1000 < expires
                    if error.code != "unavailable" or not is_good:
                        raise
                    return session
                if found is not None:
                    return found
        raise AuthError("unavailable", "Other processes keep changing the session. Try again later.")

    def _exchange(self, session: StoredSession, refused: str | None) -> StoredSession | None:
        """One refresh, alone among all processes. None: the file has changed meanwhile; look anew."""
        if session.refreshToken is None:
            raise SessionEnded(self.address, "expired")
        self._store.assert_writable(self.address)
        try:
            with nullcontext() if self._is_forsaken() else file_lock(self._exchange_lock, LONGEST_EXCHANGE_SECONDS):
                now = self._store.read_server(self.address).session
                if now is None or now.refreshToken != session.refreshToken:
                    return None
                # Within the server's grace time a renewal leaves the refresh token as it is.
                if now.accessToken != session.accessToken and now.accessToken != refused:
                    return None
                return self._present(session, session.refreshToken)
        except LockTimeoutError:
            raise AuthError("unavailable", "Another process has been renewing the session for 30 s.") from None

    def _is_forsaken(self) -> bool:
        """The holder touches it every second, however busy the machine; one that was stopped (Ctrl-Z) does not."""
        try:
            return time.time() - os.stat(self._exchange_lock).st_mtime > FORSAKEN_SECONDS
        except OSError:
            return False

    def _present(self, session: StoredSession, presented: str) -> StoredSession | None:
        answer = self._wire.post("/jwt/refresh", fields={"refresh_token": presented})
        renewed = to_stored_session(answer, session)
        if renewed is not None:
            return self._keep(presented, renewed)
        is_coded = answer.code.startswith("REFRESH_TOKEN_") or answer.code == "invalid_grant"
        if (answer.status == 401 and answer.body is not None) or (answer.status in (400, 403) and is_coded):
            self._close(session, presented, answer.code, is_coded)
            return None
        raise _explain(answer)

    def _keep(self, presented: str, renewed: StoredSession) -> StoredSession | None:
        kept = False

        def put(entry: ServerEntry) -> ServerEntry:
            nonlocal kept
            kept = entry.session is not None and entry.session.refreshToken == presented
            if kept:
                return replace(entry, session=renewed, ended=None)
            # Somebody signed out or in meanwhile: what was renewed is nobody's, and the server has to be told.
            is_same = entry.session is not None and entry.session.id == renewed.id
            return entry if is_same else replace(entry, owed=(*entry.owed, *_owed(renewed)))

        self._store.update_server(self.address, put)
        if kept:
            return renewed
        self._tell_owed()
        return None

    def _close(self, session: StoredSession, presented: str, code: str, is_coded: bool) -> None:
        # A rejection counts only if the file still holds the token that was rejected.
        for _ in range(5):
            stored = self.stored()
            if stored is None or stored.refreshToken != presented:
                return
            time.sleep(REREAD_SECONDS / 4)
        reason: EndReason = "revoked" if code.endswith(("_REVOKED", "_REUSED")) else "expired"
        expires = session.accessTokenExpiresAt
        # Without a code it may mean the access token; the session then lasts as long as that.
        if is_coded or expires is None or expires <= time.time() * 1000:
            ended = {"reason": reason, "subject": session.subject, "at": float(int(time.time() * 1000))}

            def close(entry: ServerEntry) -> ServerEntry:
                is_meant = entry.session is not None and entry.session.refreshToken == presented
                return replace(entry, session=None, ended=ended) if is_meant else entry

            self._store.update_server(self.address, close)
        raise SessionEnded(self.address, reason)

    def _tell_owed(self) -> None:
        """What cannot be told now stays in the file for the next time."""
        with suppress(AuthError):
            for owed in self._store.read_server(self.address).owed:
                fields = {"refresh_token": owed["refreshToken"]}
                if owed.get("id"):
                    fields["session_id"] = owed["id"]
                answer = self._wire.post("/jwt/logout", fields=fields)
                if answer.status // 100 != 2 and answer.status not in (401, 404, 405):
                    return

                def forget(entry: ServerEntry, token: Any = owed["refreshToken"]) -> ServerEntry:
                    return replace(entry, owed=tuple(each for each in entry.owed if each["refreshToken"] != token))

                self._store.update_server(self.address, forget)


def _owed(session: StoredSession | None) -> tuple[dict[str, Any], ...]:
    if session is None or session.refreshToken is None:
        return ()
    return ({"id": session.id, "refreshToken": session.refreshToken},)


def _explain(answer: Answer) -> AuthError:
    status, code = answer.status, answer.code
    if code.startswith("LOGIN_") or (status in (400, 401) and not code.startswith("REFRESH_")):
        return AuthError(
            "credentialsRejected", "The server does not accept this user name and password.", status=status
        )
    if code == "GUESTS_DISABLED":
        return AuthError("guestsDisabled", "This server starts no guest sessions.", status=status)
    if status == 429:
        wait = f" Try again in {answer.retry_after} s." if answer.retry_after else ""
        return AuthError("rateLimited", f"Too many attempts.{wait}", status=status)
    if status == 200:
        said = "The server's answer holds no access token. Is the address right, or does a proxy answer in its place?"
        return AuthError("badResponse" if answer.body is not None else "unavailable", said, status=status)
    reason = f" {answer.reason}" if answer.reason else ""
    return AuthError("unavailable", f"The server answered with status {status} {code}.{reason}", status=status)
