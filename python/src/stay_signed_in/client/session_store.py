"""The file or the keyring: what a session is kept in."""

import os
from collections.abc import Callable, Mapping
from typing import Protocol

from .errors import AuthError
from .session_file import SessionFile
from .session_format import ServerEntry
from .session_keyring import SessionKeyring
from .session_place import SessionPlace, find_own_place


class SessionStore(Protocol):
    """Every call raises SessionFileError where it cannot be done."""

    def read_server(self, address: str) -> ServerEntry: ...

    def update_server(
        self, address: str, change: Callable[[ServerEntry], ServerEntry], *, replace_damaged: bool = False
    ) -> ServerEntry: ...

    def assert_writable(self, address: str, *, replace_damaged: bool = False) -> None: ...


def open_session_store(
    session_file: str | None, keyring: bool | None, env: Mapping[str, str]
) -> tuple[SessionStore, SessionPlace]:
    """By what the caller says, else by the environment; and the place of its lock files. Opens nothing yet.

    :raises AuthError: ``invalidOptions`` when both are asked for in one breath.
    """
    if session_file and keyring:
        raise _conflict("a session file (session_file, --session-file)", "the keyring (keyring, --keyring)")
    is_open = not session_file and keyring is None
    named = session_file or env.get("STAY_SIGNED_IN_SESSION_FILE")
    is_in_keyring = _read_switch(env.get("STAY_SIGNED_IN_KEYRING", "")) if is_open else bool(keyring)
    if is_open and is_in_keyring and named:
        raise _conflict("STAY_SIGNED_IN_SESSION_FILE", "STAY_SIGNED_IN_KEYRING")
    if is_in_keyring:
        place = find_own_place("keyring", env)
        return SessionKeyring(place), place
    place = SessionPlace(os.path.abspath(named), own_folder=False) if named else find_own_place("sessions.json", env)
    return SessionFile(place), place


def _read_switch(text: str) -> bool:
    if text in ("", "0", "false"):
        return False
    if text in ("1", "true"):
        return True
    raise AuthError("invalidOptions", "STAY_SIGNED_IN_KEYRING must be 1 or 0.")


def _conflict(file: str, keyring: str) -> AuthError:
    message = f"Both {file} and {keyring} are given. A session lies in one place: leave one out."
    return AuthError("invalidOptions", message)
