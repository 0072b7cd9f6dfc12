"""What is done with rows of sessions, in one database session. Every change is one conditional statement."""

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi_users_db_sqlalchemy.generics import GUID
from sqlalchemy import ClauseElement, ColumnElement, case, func, insert, literal, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .access_tokens import AccessToken
from .audit import AuditEventType, Ended
from .errors import refusal
from .refresh_tokens import RefreshTokens, parse_refresh_token
from .rotation import Reason, Refuse, Repeat, decide_rotation
from .session_row import SessionRow
from .settings import SessionSettings
from .tables import SessionTables, now_ms

MOST_TOKENS = 64
MOST_ROUNDS = 8


@dataclass(frozen=True)
class Schema:
    """The tables, and the columns of the app's user that decide over sessions."""

    tables: SessionTables
    users: Any

    def parse_user_id(self, text: str) -> Any:
        """The id in the type of the column, or None for what is no id."""
        kind = self.users.id.type
        # fastapi-users' own type does not tell.
        parse = uuid.UUID if isinstance(kind, GUID) else kind.python_type
        try:
            return parse(text)
        except (ValueError, TypeError):
            return None

    @property
    def same_user(self) -> ColumnElement[bool]:
        """The user exists, is active, and has had no other password since."""
        sessions, users = self.tables.sessions.c, self.users
        same = (users.id == sessions.user_id, users.is_active, users.credential_version == sessions.credential_version)
        return select(literal(1)).select_from(users.id.table).where(*same).correlate(self.tables.sessions).exists()

    @property
    def live(self) -> Sequence[ColumnElement[bool]]:
        sessions = self.tables.sessions.c
        return (sessions.ended_at.is_(None), sessions.expires_at > now_ms(), self.same_user)


@dataclass(frozen=True)
class Presented:
    """A session of which a genuine refresh token came, whatever has become of it."""

    row: SessionRow
    counter: int
    key_id: str


@dataclass(frozen=True)
class Rotated:
    row: SessionRow
    #: Whether the current refresh token goes out with the answer.
    hands_out: bool
    event: AuditEventType


class Sessions:
    def __init__(self, db: AsyncSession, schema: Schema, settings: SessionSettings, tokens: RefreshTokens) -> None:
        self.db, self.schema, self.settings, self.tokens = db, schema, settings, tokens
        self.table = schema.tables.sessions

    async def read(self, *conditions: ColumnElement[bool]) -> list[SessionRow]:
        columns = [*self.table.c, now_ms().label("now"), self.schema.same_user.label("has_same_user")]
        result = await self.db.execute(select(*columns).where(*conditions).order_by(self.table.c.number.desc()))
        return [SessionRow(**row._mapping) for row in result]

    async def find(self, session_id: str) -> SessionRow | None:
        rows = await self.read(self.table.c.id == session_id)
        return rows[0] if rows else None

    async def find_live(self, session_id: str) -> SessionRow | None:
        row = await self.find(session_id)
        return row if row is not None and row.is_live else None

    async def accepts(self, token: AccessToken) -> bool:
        """Whether what a genuine token stands for is still there: its session, or the user as the token was made."""
        if token.session_id is not None:
            row = await self.find_live(token.session_id)
            return row is not None and str(row.user_id) == token.subject
        users = self.schema.users
        user_id = self.schema.parse_user_id(token.subject)
        same = (users.id == user_id, users.is_active, users.credential_version == token.credential_version)
        return user_id is not None and await self.db.scalar(select(literal(1)).where(*same)) is not None

    async def now(self) -> int:
        return int(await self.db.scalar(select(now_ms())) or 0)

    async def presented(self, texts: Iterable[str], transport: str) -> list[Presented]:
        """The sessions that `texts` are genuine refresh tokens of; the highest session number first."""
        parsed = [token for text in list(texts)[:MOST_TOKENS] if (token := parse_refresh_token(text))]
        if not parsed:
            return []
        ids = {token.session_id for token in parsed}
        found: list[Presented] = []
        for row in await self.read(self.table.c.id.in_(ids), self.table.c.transport == transport):
            own = [token for token in parsed if token.session_id == row.id and self.tokens.is_genuine(token, row)]
            if own:
                best = max(own, key=lambda token: token.counter)
                found.append(Presented(row, best.counter, best.key_id))
        return found

    async def start(
        self,
        user: Any,
        transport: str,
        *,
        authenticated: bool,
        user_agent: str,
        replaces: Sequence[SessionRow] = (),
        above: int = 0,
        client_name: str | None = None,
        bound_key: str | None = None,
    ) -> SessionRow:
        """A new session of `user` as it was read. What it replaces ends when it is first presented, not before.

        :raises HTTPException: 400 when the user was deactivated or had its password changed since; 503.
        """
        above = max([above, *(row.number for row in replaces)])
        sessions, users, version = self.table.c, self.schema.users, user.credential_version
        ways = (func.max(sessions.number) + 1, literal(above + 1), now_ms())
        drawn = union_all(*(select(way.label("number")) for way in ways)).subquery()
        life = self.settings.session_lifetime_seconds * 1000
        idle = min(self.settings.refresh_token_lifetime_seconds * 1000, life)
        values: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "number": select(func.max(drawn.c.number)).scalar_subquery(),
            "user_id": user.id,
            "credential_version": version,
            "transport": transport,
            "salt": secrets.token_bytes(32),
            "counter": 1,
            "previous": 0,
            "rotated_at": 0,
            "rotated_by": "",
            "repeated_at": 0,
            "created_at": now_ms(),
            "authenticated_at": now_ms() if authenticated else 0,
            "expires_at": now_ms() + idle,
            "absolute_expires_at": now_ms() + life,
            "replaces": [row.id for row in replaces],
            "user_agent": user_agent,
            "client_name": client_name,
            "bound_key": bound_key,
        }
        row: list[Any] = [
            v if isinstance(v, ClauseElement) else literal(v, sessions[k].type) for k, v in values.items()
        ]
        same_user = (users.id == user.id, users.is_active, users.credential_version == version)
        insertion = insert(self.table).from_select(list(values), select(*row).where(*same_user))
        for _ in range(MOST_ROUNDS):
            try:
                async with self.db.begin_nested():
                    inserted = await self.db.scalar(insertion.returning(sessions.id))
                await self.db.commit()
            except IntegrityError:
                continue  # On PostgreSQL another sign-in can draw the same number in the same moment.
            started = await self.find(inserted) if inserted is not None else None
            if started is None:
                raise refusal(400, "LOGIN_BAD_CREDENTIALS")
            return started
        raise refusal(503, "TRY_AGAIN")

    async def rotate(self, session_id: str, presented: int, caller: str) -> Rotated | Refuse:
        """One step of the rotation table. Whoever changes no row reads again and decides anew.

        `caller` is the key of a bound session, proved, else an address.
        """
        sessions = self.table.c
        grace_ms = self.settings.refresh_grace_seconds * 1000
        for _ in range(MOST_ROUNDS):
            row = await self.find(session_id)
            if row is None:
                return Refuse("REFRESH_TOKEN_REVOKED")
            decision = decide_rotation(row, presented, caller, grace_ms)
            if isinstance(decision, Refuse):
                return decision
            unchanged = (sessions.id == row.id, sessions.counter == row.counter, sessions.previous == row.previous)
            if isinstance(decision, Repeat):
                if decision.elsewhere:
                    return Rotated(row, False, "graceRepeatElsewhere")
                if not decision.to_previous or await self._change(*unchanged, repeated_at=now_ms()):
                    return Rotated(row, decision.hands_out, "graceRepeat")
                continue
            idle = now_ms() + self.settings.refresh_token_lifetime_seconds * 1000
            until = case((sessions.absolute_expires_at < idle, sessions.absolute_expires_at), else_=idle)
            quiet = now_ms() - decision.grace_ms
            due = (*unchanged, sessions.rotated_at <= quiet, *self.schema.live)
            # A restored database has a moment of its own; the grace time of the lost one is nobody's.
            due = (*due, sessions.repeated_at <= quiet) if decision.because != "restored" else due
            changes = {"counter": decision.counter, "previous": decision.previous, "rotated_at": now_ms()}
            if await self._change(*due, **changes, rotated_by=caller, expires_at=until):
                rotated = await self.find(session_id)
                if rotated is not None:
                    return Rotated(rotated, True, _EVENTS[decision.because])
        raise refusal(503, "TRY_AGAIN")

    async def _change(self, *conditions: ColumnElement[bool], **values: Any) -> bool:
        step = update(self.table).where(*conditions).values(**values).returning(self.table.c.id)
        changed = await self.db.scalar(step)
        await self.db.commit()
        return changed is not None

    async def end(self, *conditions: ColumnElement[bool]) -> list[Ended]:
        """Ends the sessions that match and have not ended; returns them, committed."""
        sessions = self.table.c
        ending = update(self.table).where(sessions.ended_at.is_(None), *conditions).values(ended_at=now_ms())
        rows = (await self.db.execute(ending.returning(sessions.id, sessions.user_id))).all()
        await self.db.commit()
        return [Ended(row.id, row.user_id) for row in rows]


_EVENTS: dict[Reason, AuditEventType] = {
    "current": "refreshed",
    "lateRepeat": "lateRepeat",
    "restored": "restoredSession",
}
