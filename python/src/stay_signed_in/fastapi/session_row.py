"""A session as it was read: the row, the database's time, and whether its user still stands as at the sign-in."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SessionRow:
    id: str
    number: int
    user_id: Any
    credential_version: int
    transport: str
    salt: bytes
    counter: int
    previous: int
    rotated_at: int
    rotated_by: str
    repeated_at: int
    created_at: int
    authenticated_at: int
    expires_at: int
    absolute_expires_at: int
    ended_at: int | None
    replaces: list[str]
    user_agent: str
    client_name: str | None
    #: Milliseconds since 1970 by the database's clock, at the moment of reading.
    now: int
    #: Whether the user exists, is active, and has had no other password since.
    has_same_user: bool

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.has_same_user and self.expires_at > self.now
