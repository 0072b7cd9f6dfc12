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
    #: The thumbprint (RFC 7638) of the key that each refresh must prove; None where it is bound to none.
    bound_key: str | None
    #: Milliseconds since 1970 by the database's clock, at the moment of reading.
    now: int
    #: Whether the user exists, is active, and has had no other password since.
    has_same_user: bool

    def coarse_times(self, idle_ms: int) -> tuple[int, int]:
        """When it was last refreshed and when it expires, as clients are told: in steps of an hour.

        (A twenty-fourth of the idle lifetime where that is less than a day.) Who knows when a token was last rotated
        knows when to present a copy of it.
        """
        step = max(1, min(3_600_000, idle_ms // 24))
        refreshed_at = max(self.created_at, self.rotated_at // step * step)
        # No rotation moves the absolute end, so that tells nobody anything.
        is_absolute = self.expires_at == self.absolute_expires_at
        return refreshed_at, self.expires_at if is_absolute else self.expires_at // step * step

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.has_same_user and self.expires_at > self.now
