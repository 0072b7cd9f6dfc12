"""Where sessions lie, or the lock files of those that lie in the keyring."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import SessionFileError, SessionFileErrorCode
from .file_lock import LockTimeoutError, file_lock

LONGEST_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class SessionPlace:
    path: str
    #: Whether the folder is for sessions alone.
    own_folder: bool

    def prepare_folder(self) -> None:
        """Makes the folder, for its user alone. :raises SessionFileError:"""
        folder = os.path.dirname(self.path)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if sys.platform == "win32":
                return
            entry = os.stat(folder)
            if self.own_folder and entry.st_uid == os.getuid():
                os.chmod(folder, 0o700)
            elif entry.st_uid not in (os.getuid(), 0):
                raise self.error("sessionFileUnsafe", "lies in a folder of another user. Name a folder of your own.")
            elif entry.st_mode & 0o022:
                remedy = f"Close it with: chmod go-w {folder}"
                raise self.error("sessionFileUnsafe", f"lies in a folder that other users can write. {remedy}")
        except OSError as error:
            raise self.unwritable(error) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps all other processes from changing the sessions of this place. :raises SessionFileError:"""
        self.prepare_folder()
        with ExitStack() as held:
            try:
                held.enter_context(file_lock(f"{self.path}.lock", LONGEST_WAIT_SECONDS))
            except LockTimeoutError:
                what = f"has been held by another process for {LONGEST_WAIT_SECONDS:.0f} s. Try again later."
                raise self.error("sessionFileBusy", what) from None
            except OSError as error:
                raise self.unwritable(error) from error
            yield

    def error(self, code: SessionFileErrorCode, what: str) -> SessionFileError:
        return SessionFileError(code, self.path, f"{self.path} {what}")

    def unwritable(self, error: OSError) -> SessionFileError:
        what = f"cannot be written: {error.strerror}. What it held is unchanged. Mend that, or name another file."
        return self.error("sessionFileUnwritable", what)


def find_own_place(name: str, env: Mapping[str, str]) -> SessionPlace:
    """In a folder of this package's own, in the platform's folder for configuration."""
    home = Path.home()
    if sys.platform == "darwin":
        folder = home / "Library" / "Preferences" / "stay-signed-in"
    elif sys.platform == "win32":
        folder = _absolute(env.get("APPDATA"), home / "AppData" / "Roaming") / "stay-signed-in" / "Config"
    else:
        folder = _absolute(env.get("XDG_CONFIG_HOME"), home / ".config") / "stay-signed-in"
    return SessionPlace(str(folder / name), own_folder=True)


def _absolute(named: str | None, usual: Path) -> Path:
    return Path(named) if named and os.path.isabs(named) else usual
