"""Codes of programs that wait to be signed in (RFC 8628): asked for, typed in, decided on, redeemed once."""

import hashlib
import secrets
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from .exchange import Exchange
from .tables import now_ms

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LIFETIME_MS, INTERVAL_MS, SLOW_DOWN_MS = 600_000, 5_000, 5_000
WINDOW_SECONDS, MOST_UNKNOWN, MOST_NAMES = 600, 5, 10_000


@dataclass(frozen=True)
class DeviceCode:
    code_hash: str
    user_code: str
    client_id: str
    status: str
    created_at: int
    expires_at: int
    interval_ms: int
    polled_at: int
    redeemed_at: int
    approving_session_id: str | None
    session_id: str | None
    address: str
    user_agent: str
    now: int


def hash_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def showable(text: str, most: int) -> str:
    """Without what could hide or turn round the rest: control, format and line characters."""
    kept = (letter for letter in text if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    return " ".join("".join(kept).split())[:most]


def read_user_code(typed: str) -> str:
    return "".join(letter for letter in typed.upper() if letter in LETTERS) if len(typed) <= 64 else ""


class DeviceCodes:
    """The codes, for one request."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.db = exchange, exchange.sessions.db
        self.table = exchange.backend.schema.tables.device_codes

    async def make(self, client_id: str, address: str, user_agent: str) -> tuple[str, str]:
        """The device code, which only its hash is stored of, and the letters to type."""
        device_code = secrets.token_urlsafe(32)
        letters = "".join(secrets.choice(LETTERS) for _ in range(8))
        now = await self.exchange.sessions.now()
        values = {
            "code_hash": hash_code(device_code),
            "user_code": letters,
            "client_id": client_id,
            "status": "pending",
            "created_at": now,
            "expires_at": now + LIFETIME_MS,
            "interval_ms": INTERVAL_MS,
            "polled_at": 0,
            "redeemed_at": 0,
            "address": address,
            "user_agent": user_agent,
        }
        # Whatever ran out a day ago is of no use to anybody.
        await self.db.execute(self.table.delete().where(self.table.c.expires_at < now - 86_400_000))
        await self.db.execute(insert(self.table).values(values))
        await self.db.commit()
        return device_code, letters

    async def find(self, *conditions: ColumnElement[bool]) -> DeviceCode | None:
        row = (await self.db.execute(select(*self.table.c, now_ms().label("now")).where(*conditions))).one_or_none()
        return None if row is None else DeviceCode(**row._mapping)

    async def change(self, code: DeviceCode, expected: str, **values: Any) -> bool:
        """One conditional update: of two requests at once, one goes through."""
        columns = self.table.c
        where = (columns.code_hash == code.code_hash, columns.status == expected)
        changed = await self.db.scalar(update(self.table).where(*where).values(**values).returning(columns.code_hash))
        await self.db.commit()
        return changed is not None


class UnknownCodes:
    """Five unknown codes in ten minutes are enough: for a subject, and for an address, whose guests cost nothing.

    Counted in this process; with several workers each counts by itself.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moments: dict[str, list[float]] = defaultdict(list)

    def is_exhausted(self, names: list[str]) -> bool:
        return any(len(self._recent(name)) >= MOST_UNKNOWN for name in names)

    def count(self, names: list[str]) -> None:
        if len(self._moments) > MOST_NAMES:
            for name in [name for name in self._moments if not self._recent(name)]:
                del self._moments[name]
        for name in names:
            self._recent(name).append(self._clock())

    def _recent(self, name: str) -> list[float]:
        recent = self._moments[name]
        recent[:] = [moment for moment in recent if self._clock() - moment < WINDOW_SECONDS]
        return recent
