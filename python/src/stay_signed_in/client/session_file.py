"""The session file that all processes of a user share, Node's and Python's: see docs/session-file.md."""

import json
import os
import re
import stat
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .errors import SessionFileError, SessionFileErrorCode
from .file_lock import LockTimeoutError, file_lock
from .process_mark import look, process_mark

VERSION, LARGEST_BYTES, LONGEST_WAIT_SECONDS = 1, 1_000_000, 10.0


@dataclass(frozen=True)
class StoredSession:
    """Field names as in the file. Moments are wall-clock milliseconds."""

    id: str | None
    number: float | None
    subject: str | None
    isGuest: bool  # noqa: N815
    refreshToken: str | None  # noqa: N815
    accessToken: str  # noqa: N815
    accessTokenSentAt: float  # noqa: N815
    accessTokenExpiresAt: float | None  # noqa: N815
    signedInAt: float  # noqa: N815
    #: What the session is bound to, as it stands in the file; None, and left out there, for most.
    key: Any = None

    def __repr__(self) -> str:
        return f"StoredSession(subject={self.subject!r}, isGuest={self.isGuest})"


@dataclass(frozen=True)
class ServerEntry:
    """All that the file holds of one server. ``ended`` and ``owed`` as they stand in the file."""

    session: StoredSession | None = None
    ended: dict[str, Any] | None = None
    owed: tuple[dict[str, Any], ...] = ()


def find_session_file(named: str | None, env: dict[str, str]) -> tuple[str, bool]:
    """The path, and whether its folder is for this file alone."""
    path = named or env.get("STAY_SIGNED_IN_SESSION_FILE")
    if path:
        return os.path.abspath(path), False
    home = Path.home()
    if sys.platform == "darwin":
        folder = home / "Library" / "Preferences" / "stay-signed-in"
    elif sys.platform == "win32":
        folder = _absolute(env.get("APPDATA"), home / "AppData" / "Roaming") / "stay-signed-in" / "Config"
    else:
        folder = _absolute(env.get("XDG_CONFIG_HOME"), home / ".config") / "stay-signed-in"
    return str(folder / "sessions.json"), True


def _absolute(named: str | None, usual: Path) -> Path:
    return Path(named) if named and os.path.isabs(named) else usual


class SessionFile:
    def __init__(self, path: str, own_folder: bool) -> None:
        self.path, self._own_folder = path, own_folder

    def read_server(self, address: str) -> ServerEntry:
        return self._parse(self._read()).get(address, ServerEntry())

    def update_server(
        self, address: str, change: Callable[[ServerEntry], ServerEntry], *, replace_damaged: bool = False
    ) -> ServerEntry:
        """Changes one entry while no other process can. The same object leaves it alone."""
        self._prepare_folder()
        try:
            with file_lock(f"{self.path}.lock", LONGEST_WAIT_SECONDS):
                return self._update(address, change, replace_damaged)
        except LockTimeoutError:
            raise self._error(
                "sessionFileBusy",
                f"has been held by another process for {LONGEST_WAIT_SECONDS:.0f} s. Try again later.",
            ) from None
        except OSError as error:
            raise self._unwritable(error) from error

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
        self._replace({name: _write_entry(entry) for name, entry in servers.items()})
        return after

    def assert_writable(self, *, replace_damaged: bool = False) -> None:
        """Throws now what a later update would throw, so that no token is fetched that could not be kept."""
        self._prepare_folder()
        try:
            self._parse(self._read())
        except SessionFileError as error:
            if not replace_damaged or error.code != "sessionFileDamaged":
                raise
        temporary = self._temporary_path()
        try:
            self._write(temporary, " " * 16_384)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _replace(self, servers: dict[str, Any]) -> None:
        temporary = self._temporary_path()
        text = json.dumps({"version": VERSION, "servers": servers}, indent=2, ensure_ascii=False) + "\n"
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
                raise self._error("sessionFileUnsafe", "is a link. Replace it by the file itself, or name that file.")
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                self._assert_private(os.fstat(file.fileno()))
                return file.read(LARGEST_BYTES + 1).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error("sessionFileUnreadable", f"cannot be read: {error.strerror}. Mend that.") from error

    def _assert_private(self, entry: os.stat_result) -> None:
        if not stat.S_ISREG(entry.st_mode):
            raise self._error("sessionFileUnsafe", "is no file. Move it away, or name another file.")
        if sys.platform == "win32":
            return
        if entry.st_uid != os.getuid():
            raise self._error("sessionFileUnsafe", "belongs to another user. Name a file of your own.")
        if entry.st_mode & 0o077:
            raise self._error(
                "sessionFileUnsafe", f"can be read or written by other users. Close it with: chmod 600 {self.path}"
            )

    def _prepare_folder(self) -> None:
        folder = os.path.dirname(self.path)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if sys.platform == "win32":
                return
            entry = os.stat(folder)
            if self._own_folder and entry.st_uid == os.getuid():
                os.chmod(folder, 0o700)
            elif entry.st_uid not in (os.getuid(), 0):
                raise self._error("sessionFileUnsafe", "lies in a folder of another user. Name a folder of your own.")
            elif entry.st_mode & 0o022:
                remedy = f"Close it with: chmod go-w {folder}"
                raise self._error("sessionFileUnsafe", f"lies in a folder that other users can write. {remedy}")
        except OSError as error:
            raise self._unwritable(error) from error

    def _remove_leftovers(self) -> None:
        """What processes that were killed have left beside the file."""
        folder, prefix = os.path.dirname(self.path), f"{os.path.basename(self.path)}."
        for name in os.listdir(folder):
            found = re.search(r"\.(\d+-\d+-[0-9a-f]{12})\.[^.]+\.(tmp|claim)$", name)
            if name.startswith(prefix) and found and look(found[1]) == "gone":
                Path(folder, name).unlink(missing_ok=True)

    def _parse(self, text: str | None) -> dict[str, ServerEntry]:
        if text is None:
            return {}
        try:
            body = json.loads(text)
            version, servers = body["version"], body["servers"]
            if isinstance(version, (int, float)) and version > VERSION:
                raise self._error(
                    "sessionFileTooNew", "was written by a newer version of stay-signed-in. Update this program."
                )
            if version != VERSION:
                raise ValueError
            return {address: _read_entry(entry) for address, entry in servers.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._error(
                "sessionFileDamaged", "holds no session data. It was left as it is; signing in anew replaces it."
            ) from None

    def _temporary_path(self) -> str:
        return f"{self.path}.{process_mark()}.{uuid.uuid4()}.tmp"

    def _error(self, code: SessionFileErrorCode, what: str) -> SessionFileError:
        return SessionFileError(code, self.path, f"{self.path} {what}")

    def _unwritable(self, error: OSError) -> SessionFileError:
        what = f"cannot be written: {error.strerror}. What it held is unchanged. Mend that, or name another file."
        return self._error("sessionFileUnwritable", what)


def _replace_patiently(temporary: str, path: str) -> None:
    """On Windows a scanner or a reader keeps a file from being renamed for a moment."""
    for attempt in range(20):
        try:
            return os.replace(temporary, path)
        except PermissionError:
            if sys.platform != "win32" or attempt == 19:
                raise
            time.sleep(0.05)


def _write_entry(entry: ServerEntry) -> dict[str, Any]:
    written = asdict(entry)
    if entry.session is not None and entry.session.key is None:
        del written["session"]["key"]
    return written


def _read_entry(entry: Any) -> ServerEntry:
    session, ended, owed = entry["session"], entry["ended"], entry["owed"]
    if session is not None:
        names = [name for name in StoredSession.__dataclass_fields__ if name != "key"]
        session = StoredSession(**{name: session[name] for name in names}, key=session.get("key"))
        texts = (session.id, session.subject, session.refreshToken)
        moments = (session.number, session.accessTokenExpiresAt)
        is_right = (
            all(text is None or (isinstance(text, str) and text) for text in texts)
            and all(moment is None or _is_moment(moment) for moment in moments)
            and _is_moment(session.accessTokenSentAt)
            and _is_moment(session.signedInAt)
            and isinstance(session.isGuest, bool)
            and isinstance(session.accessToken, str)
            and session.accessToken != ""
        )
        if not is_right:
            raise ValueError
    if ended is not None and ended["reason"] not in ("expired", "revoked"):
        raise ValueError
    if not isinstance(owed, list) or not all(isinstance(each["refreshToken"], str) for each in owed):
        raise ValueError
    return ServerEntry(session, ended, tuple(owed))


def _is_moment(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
