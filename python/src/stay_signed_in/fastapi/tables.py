"""The tables of sessions and device codes, in the app's own metadata, so that ``create_all`` and Alembic see them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

SESSIONS, DEVICE_CODES = "auth_session", "auth_device_code"


class now_ms(FunctionElement[int]):
    """Milliseconds since 1970 by the database's clock, the one clock that several servers share."""

    type, inherit_cache = BigInteger(), True


@compiles(now_ms, "sqlite")
def _now_of_sqlite(*_: Any, **__: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _now_of_postgresql(*_: Any, **__: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


@dataclass(frozen=True)
class SessionTables:
    sessions: Table
    device_codes: Table


def session_columns(user_id: TypeEngine[Any]) -> list[Column[Any]]:
    """One sign-in on one device. It holds no token: a refresh token is this row's id and counter under a MAC."""
    return [
        Column("id", String(32), primary_key=True),
        Column("number", BigInteger, nullable=False, unique=True),
        # No foreign key: the sessions of a deleted user still answer REFRESH_TOKEN_REVOKED.
        Column("user_id", user_id, nullable=False, index=True),
        Column("credential_version", BigInteger, nullable=False),
        Column("transport", String(8), nullable=False),
        Column("salt", LargeBinary(32), nullable=False),
        Column("counter", BigInteger, nullable=False),
        Column("previous", BigInteger, nullable=False),
        Column("rotated_at", BigInteger, nullable=False),
        Column("rotated_by", String(64), nullable=False),
        Column("repeated_at", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("authenticated_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("absolute_expires_at", BigInteger, nullable=False),
        Column("ended_at", BigInteger, nullable=True),
        Column("replaces", JSON, nullable=False),
        Column("user_agent", String(256), nullable=False),
        Column("client_name", String(100), nullable=True),
        # A key's thumbprint: 256 bits in base64url.
        Column("bound_key", String(43), nullable=True),
    ]


def device_code_columns() -> list[Column[Any]]:
    return [
        Column("code_hash", String(64), primary_key=True),
        Column("user_code", String(8), nullable=False, unique=True),
        Column("client_id", String(100), nullable=False),
        Column("status", String(16), nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("interval_ms", Integer, nullable=False),
        Column("polled_at", BigInteger, nullable=False),
        Column("redeemed_at", BigInteger, nullable=False),
        Column("approving_session_id", String(32), nullable=True),
        Column("session_id", String(32), nullable=True),
        Column("address", String(64), nullable=False),
        Column("user_agent", String(256), nullable=False),
    ]


def define_tables(metadata: MetaData, user_id: TypeEngine[Any]) -> SessionTables:
    """Both tables in `metadata`; those that are there already are taken as they are."""
    sessions = metadata.tables.get(SESSIONS)
    if sessions is None:
        sessions = Table(SESSIONS, metadata, *session_columns(user_id))
    device_codes = metadata.tables.get(DEVICE_CODES)
    if device_codes is None:
        device_codes = Table(DEVICE_CODES, metadata, *device_code_columns())
    return SessionTables(sessions, device_codes)
