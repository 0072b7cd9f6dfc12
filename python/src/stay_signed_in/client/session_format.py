"""What is kept of sessions, in a file or in the keyring: see docs/session-file.md."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

VERSION = 1


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
    #: What the session is bound to, as Node wrote it; None, and left out there, for most.
    key: Any = None

    def __repr__(self) -> str:
        return f"StoredSession(subject={self.subject!r}, isGuest={self.isGuest})"


@dataclass(frozen=True)
class ServerEntry:
    """All that is kept of one server. ``ended`` and ``owed`` as they stand in the file."""

    session: StoredSession | None = None
    ended: dict[str, Any] | None = None
    owed: tuple[dict[str, Any], ...] = ()


class FormatError(ValueError):
    """A text that holds no sessions, or those of a newer version."""

    def __init__(self, code: Literal["sessionFileDamaged", "sessionFileTooNew"]) -> None:
        super().__init__(code)
        self.code = code


def parse_sessions(text: str) -> dict[str, ServerEntry]:
    """An empty text is damaged, not empty. :raises FormatError:"""
    try:
        body = json.loads(text)
        version, servers = body["version"], body["servers"] if body["version"] == VERSION else {}
        if isinstance(version, (int, float)) and version > VERSION:
            raise FormatError("sessionFileTooNew")
        if version != VERSION or isinstance(version, bool):
            raise FormatError("sessionFileDamaged")
        return {address: _read_entry(entry) for address, entry in servers.items()}
    except FormatError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FormatError("sessionFileDamaged") from None


def format_sessions(servers: Mapping[str, ServerEntry]) -> str:
    entries = {address: _write_entry(entry) for address, entry in servers.items()}
    return json.dumps({"version": VERSION, "servers": entries}, indent=2, ensure_ascii=False) + "\n"


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
