"""The system's keyring in the place of the session file, with the same entries as the Node client's."""

import os
from collections.abc import Callable
from datetime import datetime, timezone

from .errors import SessionFileError
from .keyring_entries import SERVICE, KeyringEntries
from .session_format import FormatError, ServerEntry, format_sessions, parse_sessions
from .session_place import SessionPlace

# No address holds this character, so what is kept beside is never taken for a server.
BESIDE = "#"


class SessionKeyring:
    """An entry a server address. Processes still agree by a lock file, at `place`. Nothing falls back to a file."""

    def __init__(self, place: SessionPlace) -> None:
        self._place, self._entries = place, KeyringEntries()

    def read_server(self, address: str) -> ServerEntry:
        return _parse(address, self._entries.read(address))

    def update_server(
        self, address: str, change: Callable[[ServerEntry], ServerEntry], *, replace_damaged: bool = False
    ) -> ServerEntry:
        """Changes one entry while no other process can. The same object leaves it alone."""
        with self._place.lock():
            before, damaged = self._read_over(address, replace_damaged)
            after = change(before)
            if after is before:
                return before
            if damaged is not None:
                self._entries.write(f"{address}{BESIDE}corrupt-{datetime.now(timezone.utc).isoformat()}", damaged)
            if after == ServerEntry():
                self._entries.remove(address)
            else:
                self._entries.write(address, format_sessions({address: after}).encode())
            return after

    def assert_writable(self, address: str, *, replace_damaged: bool = False) -> None:
        """Throws now what a later update would throw, so that no token is fetched that could not be kept."""
        self._place.prepare_folder()
        self._read_over(address, replace_damaged)
        probe = f"{address}{BESIDE}probe-{os.getpid()}"
        self._entries.write(probe, b"{}")
        self._entries.remove(probe)

    def _read_over(self, address: str, replace_damaged: bool) -> tuple[ServerEntry, bytes | None]:
        """The entry, or with `replace_damaged` an empty one and the damaged text that stands in its place."""
        text = self._entries.read(address)
        try:
            return _parse(address, text), None
        except SessionFileError as error:
            if not replace_damaged or error.code != "sessionFileDamaged":
                raise
            return ServerEntry(), text


def _parse(address: str, text: bytes | None) -> ServerEntry:
    if text is None:
        return ServerEntry()
    entry = f'The keyring entry "{SERVICE}" of {address}'
    try:
        found = parse_sessions(text.decode("utf-8", "replace")).get(address)
    except FormatError as error:
        if error.code == "sessionFileTooNew":
            message = f"{entry} was written by a newer version of stay-signed-in. Update this program."
            raise SessionFileError("sessionFileTooNew", entry, message) from None
        found = None
    if found is None:
        message = f"{entry} holds no session data. It was left as it is; signing in anew replaces it."
        raise SessionFileError("sessionFileDamaged", entry, message)
    return found
