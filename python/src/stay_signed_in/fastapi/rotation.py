"""PROTOCOL's rotation table, row by row. Decides only; the row is then changed if it still stands as it was read."""

from dataclasses import dataclass
from typing import Literal

from .session_row import SessionRow

Reason = Literal["current", "lateRepeat", "restored"]


@dataclass(frozen=True)
class Refuse:
    #: ``REFRESH_TOKEN_…``; 401.
    code: Literal["REFRESH_TOKEN_REVOKED", "REFRESH_TOKEN_EXPIRED", "REFRESH_TOKEN_REUSED"]


@dataclass(frozen=True)
class Repeat:
    """Nothing rotates. ``hands_out``: the current refresh token goes out once more, else an access token alone."""

    hands_out: bool
    #: The current token may be news to whoever asks, so nothing rotates for one more grace time.
    to_previous: bool = False
    #: The previous token came from somewhere else than the rotation.
    elsewhere: bool = False


@dataclass(frozen=True)
class Rotate:
    because: Reason
    counter: int
    previous: int
    grace_ms: int


Decision = Refuse | Repeat | Rotate


def decide_rotation(row: SessionRow, presented: int, caller: str, grace_ms: int) -> Decision:
    """What becomes of a session whose refresh token `presented`, with a right MAC, came from `caller`.

    Whoever presents the previous token within the grace time is handed the current one, at its very end, too. Were that
    token left behind in the next moment, an answer still under way would make an honest client hold a dead one. So the
    moment of such an answer is noted (``repeated_at``), and for one more grace time nothing rotates.

    A caller elsewhere (another address than the rotation came from) gets an access token alone: a lost response after a
    change of network lives on as "previous, later", and a thief who follows the owner is found in the second round.
    """
    if row.ended_at is not None or not row.has_same_user:
        return Refuse("REFRESH_TOKEN_REVOKED")
    if row.expires_at <= row.now:
        return Refuse("REFRESH_TOKEN_EXPIRED")
    if presented > row.counter:
        return Rotate("restored", presented + 1, presented, 0)
    is_current = presented == row.counter
    if not is_current and presented != row.previous:
        return Refuse("REFRESH_TOKEN_REUSED")
    grace_start = row.now - grace_ms
    if grace_start < row.rotated_at:
        elsewhere = not is_current and caller != row.rotated_by
        return Repeat(not elsewhere, to_previous=not is_current and not elsewhere, elsewhere=elsewhere)
    if grace_start < row.repeated_at:
        return Repeat(hands_out=is_current)
    if is_current:
        return Rotate("current", row.counter + 1, presented, grace_ms)
    # The answer that carried the current counter never arrived. It is skipped and dead from now on.
    return Rotate("lateRepeat", row.counter + 1, row.previous, grace_ms)
