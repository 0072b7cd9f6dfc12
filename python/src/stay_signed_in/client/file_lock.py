"""A lock between processes, by a file: the one of docs/session-file.md, which Node processes take as well."""

import errno
import os
import random
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .process_mark import look, process_mark

HEARTBEAT_SECONDS, SILENCE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 10.0, 0.04
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class LockTimeoutError(Exception):
    """Somebody else has held the lock for as long as there was time."""


@dataclass(frozen=True)
class _Holder:
    name: str
    touched_at: float


def _read_holder(path: str) -> _Holder | None:
    try:
        return _Holder(Path(path).read_text("utf-8"), os.stat(path).st_mtime)
    except FileNotFoundError:
        return None


def _create(claim_path: str, path: str, name: str) -> bool:
    """A link appears with its content in one step: nobody sees a lock file that does not yet say whose it is."""
    try:
        try:
            os.link(claim_path, path)
        except OSError as error:
            if isinstance(error, FileExistsError) or error.errno not in _NO_LINKS:
                raise
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(name)
    except FileExistsError:
        return False
    return True


class _Watch:
    """Which holders are gone: by their process on this machine, else by their silence on this process's own watch."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}

    def is_gone(self, holder: _Holder) -> bool:
        answer = look(holder.name.split(".")[0])
        if answer != "unknown":
            return answer == "gone"
        touched_at, since = self._seen.get(holder.name, (None, 0.0))
        if touched_at != holder.touched_at:
            self._seen[holder.name] = (holder.touched_at, time.monotonic())
            return False
        return time.monotonic() - since >= SILENCE_SECONDS


@contextmanager
def file_lock(path: str, timeout: float) -> Iterator[None]:
    """Holds the lock file at `path`.

    A holder that was killed loses it at the next look; one of another machine that shares the folder, after 10 s
    without a sign of life. A holder that runs, however slowly, is never robbed.

    :raises LockTimeoutError: somebody else held it for `timeout` seconds.
    :raises OSError: the folder cannot be written.
    """
    name = f"{process_mark()}.{uuid.uuid4()}"
    claim_path = f"{path}.{name}.claim"
    watch = _Watch()

    def clear_after(lock_path: str) -> None:
        # Of all who see that a holder is gone, one alone removes its file: the one who made the file that is named
        # after that holding. Nobody else can have replaced the lock by then.
        holder = _read_holder(lock_path)
        if holder is None or not watch.is_gone(holder):
            return
        short = re.sub(r"[^A-Za-z0-9_.-]", "", holder.name)[:120]
        clearing_path = f"{path}.{short}.clearing"
        if not _create(claim_path, clearing_path, name):
            return clear_after(clearing_path)
        try:
            now = _read_holder(lock_path)
            if now is not None and now.name == holder.name:
                Path(lock_path).unlink(missing_ok=True)
        finally:
            Path(clearing_path).unlink(missing_ok=True)

    deadline = time.monotonic() + timeout
    claim = os.open(claim_path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(claim, name.encode())
        pause = 0.004
        while not _create(claim_path, path, name):
            if time.monotonic() >= deadline:
                raise LockTimeoutError
            clear_after(path)
            # Not in step with others who wait.
            time.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        Path(claim_path).unlink(missing_ok=True)
        done = threading.Event()
        threading.Thread(target=_beat, args=(claim, done), daemon=True).start()
        try:
            yield
        finally:
            done.set()
            holder = _read_holder(path)
            if holder is not None and holder.name == name:
                Path(path).unlink(missing_ok=True)
    finally:
        os.close(claim)
        Path(claim_path).unlink(missing_ok=True)


def _beat(claim: int, done: threading.Event) -> None:
    # The open file, not the path: after a loss the path may be somebody else's.
    while not done.wait(HEARTBEAT_SECONDS):
        with suppress(OSError):
            os.utime(claim)
