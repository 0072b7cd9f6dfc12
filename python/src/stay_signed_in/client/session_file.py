"""The session file that all processes of a user share, Node's and Python's: see docs/session-file.md."""

import os
import re
import stat
import sys
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from .errors import SessionFileError
from .process_mark import look, process_mark
from .session_format import FormatError, ServerEntry, format_sessions, parse_sessions
from .session_place import SessionPlace

LARGEST_BYTES = 1_000_000


class SessionFile:
    def __init__(self, place: SessionPlace) -> None:
        self.path, self._place = place.path, place

    def read_server(self, address: str) -> ServerEntry:
        return self._parse(self._read()).get(address, ServerEntry())

    def update_server(
        self, address: str, change: Callable[[ServerEntry], ServerEntry], *, replace_damaged: bool = False
    ) -> ServerEntry:
        """Changes one entry while no other process can. The same object leaves it alone."""
        with self._place.lock():
            try:
                return self._update(address, change, replace_damaged)
            except OSError as error:
                raise self._place.unwritable(error) from error

    def _update(self, address: str, change: Callable[[ServerEntry], ServerEntry], replace_damaged: bool) -> ServerEntry:
        text, is_damaged = self._read(), False
        try:
            content = self._parse(text)
        except SessionFileError as error:
            if not replace_damaged or error.code != "sessionFileDamaged":
                raise
            content, is_damaged = {}, True
        before = content.get(address, ServerEntry())
        after = change(before)
        if after is before:
            return before
        if is_damaged:
            moment = re.sub(r"[:.]", "-", datetime.now(timezone.utc).isoformat())
            os.link(self.path, f"{self.path}.corrupt-{moment}")
        servers = {name: entry for name, entry in content.items() if name != address}
        if after != ServerEntry():
            servers[address] = after
        self._remove_leftovers()
        self._replace(format_sessions(servers))
        return after

    def assert_writable(self, _address: str, *, replace_damaged: bool = False) -> None:
        """Throws now what a later update would throw, so that no token is fetched that could not be kept."""
        self._place.prepare_folder()
        try:
            self._parse(self._read())
        except SessionFileError as error:
            if not replace_damaged or error.code != "sessionFileDamaged":
                raise
        temporary = self._temporary_path()
        try:
            self._write(temporary, " " * 16_384)
        except OSError as error:
            raise self._place.unwritable(error) from error
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _replace(self, text: str) -> None:
        temporary = self._temporary_path()
        try:
            self._write(temporary, text)
            _replace_patiently(temporary, self.path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        if sys.platform != "win32":
            folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
            try:
                os.fsync(folder)
            except OSError:
                pass  # Some network file systems do not know how to.
            finally:
                os.close(folder)

    def _write(self, path: str, text: str) -> None:
        # The mode at creation: a later chmod would leave a moment in which others can open the file.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> str | None:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            if Path(self.path).is_symlink():
                raise self._place.error(
                    "sessionFileUnsafe", "is a link. Replace it by the file itself, or name that file."
                )
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                self._assert_private(os.fstat(file.fileno()))
                return file.read(LARGEST_BYTES + 1).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._place.error("sessionFileUnreadable", f"cannot be read: {error.strerror}. Mend that.") from error

    def _assert_private(self, entry: os.stat_result) -> None:
        if not stat.S_ISREG(entry.st_mode):
            raise self._place.error("sessionFileUnsafe", "is no file. Move it away, or name another file.")
        if sys.platform == "win32":
            return
        if entry.st_uid != os.getuid():
            raise self._place.error("sessionFileUnsafe", "belongs to another user. Name a file of your own.")
        if entry.st_mode & 0o077:
            raise self._place.error(
                "sessionFileUnsafe", f"can be read or written by other users. Close it with: chmod 600 {self.path}"
            )

    def _remove_leftovers(self) -> None:
        """What processes that were killed have left beside the file."""
        folder, prefix = os.path.dirname(self.path), f"{os.path.basename(self.path)}."
        for name in os.listdir(folder):
            found = re.search(r"\.(\d+-\d+-[0-9a-f]{12})\.[^.]+\.(tmp|claim)$", name)
            if name.startswith(prefix) and found and look(found[1]) == "gone":
                Path(folder, name).unlink(missing_ok=True)

    def _parse(self, text: str | None) -> dict[str, ServerEntry]:
        try:
            return {} if text is None else parse_sessions(text)
        except FormatError as error:
            what = {
                "sessionFileTooNew": "was written by a newer version of stay-signed-in. Update this program.",
                "sessionFileDamaged": "holds no session data. It was left as it is; signing in anew replaces it.",
            }
            raise self._place.error(error.code, what[error.code]) from None

    def _temporary_path(self) -> str:
        return f"{self.path}.{process_mark()}.{uuid.uuid4()}.tmp"


def _replace_patiently(temporary: str, path: str) -> None:
    """On Windows a scanner or a reader keeps a file from being renamed for a moment."""
    for attempt in range(20):
        try:
            return os.replace(temporary, path)
        except PermissionError:
            if sys.platform != "win32" or attempt == 19:
                raise
            time.sleep(0.05)
