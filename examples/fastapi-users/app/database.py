"""Stock fastapi-users with SQLAlchemy, but for the mixin that sessions need."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

from fastapi import Depends
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from stay_signed_in.fastapi import SessionUserMixin

from .settings import get_settings


class Base(DeclarativeBase):
    pass


class User(SessionUserMixin, SQLAlchemyBaseUserTableUUID, Base):
    pass


@lru_cache
def get_engine() -> AsyncEngine:
    engine = create_async_engine(get_settings().database_url, hide_parameters=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def configure(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA journal_mode = WAL")
            # Hashing a password blocks the event loop, with whatever transaction is open at that moment.
            connection.execute("PRAGMA busy_timeout = 30000")

    return engine


@asynccontextmanager
async def open_session() -> AsyncIterator[AsyncSession]:
    async with async_sessionmaker(get_engine(), expire_on_commit=False)() as session:
        yield session


async def get_async_session() -> AsyncGenerator[AsyncSession, None]:
    async with open_session() as session:
        yield session


async def get_user_db(
    session: AsyncSession = Depends(get_async_session),
) -> AsyncGenerator[SQLAlchemyUserDatabase, None]:  # type: ignore[type-arg]
    yield SQLAlchemyUserDatabase(session, User)


async def create_tables() -> None:
    async with get_engine().begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
