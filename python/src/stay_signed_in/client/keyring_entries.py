"""Entries of the system's keyring, by the optional package ``keyring``."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from .errors import SessionFileError

SERVICE = "stay-signed-in"
_IN_A_FILE = "To keep the session in a private file, ask for no keyring (--keyring, STAY_SIGNED_IN_KEYRING)."
_LOCKED = "is locked. Unlock it, then try again"
_AWAY = (
    "does not answer: no secret service runs in this login session. Start one (GNOME Keyring, KWallet; without a "
    "desktop: dbus-run-session with gnome-keyring-daemon --unlock)"
)
_SENTENCES = {
    "KeyringLocked": _LOCKED,
    "LockedException": _LOCKED,
    "PromptDismissedException": _LOCKED,
    "SecretServiceNotAvailableException": _AWAY,
    "InitError": "has no default keyring to write to. Make one by unlocking it once",
}


class KeyringEntries:
    """Texts of the service ``stay-signed-in`` by their names. Every call may raise ``keyringUnavailable``."""

    def read(self, name: str) -> bytes | None:
        with _explained(name):
            return _open().read(name)

    def write(self, name: str, text: bytes) -> None:
        with _explained(name):
            _open().write(name, text)

    def remove(self, name: str) -> None:
        with _explained(name):
            _open().remove(name)


def _open() -> "_SecretService | _Keychain":
    # The one of the system, never another that is configured: that may be a file in the clear.
    if sys.platform == "darwin":
        return _Keychain()
    if sys.platform == "win32":
        raise NotImplementedError
    return _SecretService()


class _SecretService:
    """By its items: `keyring` by itself writes a second one beside that of Node, which then finds one too many."""

    def __init__(self) -> None:
        from keyring.backends.SecretService import Keyring

        make: Any = Keyring
        self._keyring = make()

    @contextmanager
    def _find(self, name: str) -> Iterator[tuple[Any, list[Any]]]:
        collection = self._keyring.get_preferred_collection()
        with closing(collection.connection):
            yield collection, list(collection.search_items(_attributes(name)))

    def read(self, name: str) -> bytes | None:
        with self._find(name) as (_, items):
            return bytes(items[0].get_secret()) if items else None

    def write(self, name: str, text: bytes) -> None:
        with self._find(name) as (collection, items):
            if items:
                items[0].set_secret(text)
            else:
                collection.create_item(f"keyring:{name}@{SERVICE}", _attributes(name), text, replace=True)

    def remove(self, name: str) -> None:
        with self._find(name) as (_, items):
            for item in items:
                item.delete()


class _Keychain:
    def __init__(self) -> None:
        from keyring.backends.macOS import Keyring

        make: Any = Keyring
        self._keyring = make()

    def read(self, name: str) -> bytes | None:
        text: str | None = self._keyring.get_password(SERVICE, name)
        return None if text is None else text.encode()

    def write(self, name: str, text: bytes) -> None:
        self._keyring.set_password(SERVICE, name, text.decode("utf-8", "replace"))

    def remove(self, name: str) -> None:
        if self._keyring.get_password(SERVICE, name) is not None:
            self._keyring.delete_password(SERVICE, name)


def _attributes(name: str) -> dict[str, str]:
    return {"service": SERVICE, "username": name}


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Failures in our own words, since the keyring's may name what stands in it."""
    try:
        yield
    except ImportError:
        message = (
            "The keyring was asked for, but the package keyring is not installed for it: "
            f'pip install "stay-signed-in[keyring]". {_IN_A_FILE}'
        )
        raise _unavailable(name, message) from None
    except NotImplementedError:
        message = f"On Windows the Python client keeps no session in the keyring. {_IN_A_FILE}"
        raise _unavailable(name, message) from None
    except Exception as error:
        otherwise = _AWAY if isinstance(error, OSError) else "refuses the entry. See what it says in its own program"
        sentence = _SENTENCES.get(type(error).__name__, otherwise)
        message = f"The system's keyring {sentence}. Nothing was changed in it. {_IN_A_FILE}"
        raise _unavailable(name, message) from None


def _unavailable(name: str, message: str) -> SessionFileError:
    return SessionFileError("keyringUnavailable", f'The keyring entry "{SERVICE}" of {name}', message)
