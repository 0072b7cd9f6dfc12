"""The tables and columns of sessions come to a database that has users in it."""

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID
from sqlalchemy import Connection, insert, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase

from stay_signed_in.fastapi import migrations

from .site import PAGE, Caller, Site, make_site, open_engine


class Base(DeclarativeBase):
    pass


class OldUser(SQLAlchemyBaseUserTableUUID, Base):
    """As it was before."""


PEOPLE = {"ada@example.org": "a hash", "g1@guests.example.org": "another", "g2@guests.example.org": "another"}


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = open_engine(database_url)
    async with made.begin() as connection:
        for name in ("auth_device_code", "auth_session", '"user"'):
            await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
        await connection.run_sync(Base.metadata.create_all)
        rows = [{"id": uuid.uuid4(), "email": email, "hashed_password": hashed} for email, hashed in PEOPLE.items()]
        await connection.execute(insert(OldUser), rows)
    yield made
    async with made.begin() as connection:
        for name in ("auth_device_code", "auth_session", '"user"'):
            await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    await made.dispose()


async def guests(engine: AsyncEngine) -> dict[str, bool]:
    async with engine.connect() as connection:
        found = await connection.execute(text('SELECT email, is_guest, credential_version FROM "user"'))
        return {row.email: bool(row.is_guest) for row in found if row.credential_version == 0}


EXPECTED = {email: "guests" in email for email in PEOPLE}


async def the_app_works_on(url: str) -> None:
    site: Site = make_site(url)
    page = Caller(site, PAGE, "http://localhost", "127.0.0.1")
    email = f"{uuid.uuid4()}@example.org"
    assert (await page.register(email)).status_code == 201
    first = await page.sign_in(email)
    assert (await page.refresh()).json()["subject"] == first["subject"]
    assert (await page.post("/device/code", data={"client_id": "tests"})).status_code == 200
    await page.client.aclose()
    await site.engine.dispose()


async def test_by_alembic_and_back(engine: AsyncEngine, database_url: str) -> None:
    def run(connection: Connection, work: Any) -> None:
        work(Operations(MigrationContext.configure(connection)))

    def there(op: Operations) -> None:
        migrations.upgrade(op, old_guests="%@guests.example.org")

    async with engine.begin() as connection:
        await connection.run_sync(run, there)
    assert await guests(engine) == EXPECTED
    await the_app_works_on(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(run, migrations.downgrade)
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        columns = await connection.run_sync(lambda sync: {each["name"] for each in inspect(sync).get_columns("user")})
    assert "auth_session" not in names and "is_guest" not in columns
    async with engine.connect() as connection:
        emails = set((await connection.execute(text('SELECT email FROM "user"'))).scalars())
    assert emails >= set(PEOPLE)


async def test_by_plain_sql(engine: AsyncEngine, database_url: str) -> None:
    dialect = engine.dialect.name
    async with engine.begin() as connection:
        for statement in migrations.statements(dialect, old_guests="%@guests.example.org"):
            await connection.exec_driver_sql(statement)
    assert await guests(engine) == EXPECTED
    await the_app_works_on(database_url)


async def test_both_ways_make_what_the_models_say(engine: AsyncEngine, database_url: str) -> None:
    async with engine.begin() as connection:
        for statement in migrations.statements(engine.dialect.name):
            await connection.exec_driver_sql(statement)
    site = make_site(database_url)
    metadata = site.user_model.metadata

    def compare(connection: Connection) -> list[Any]:
        from alembic.autogenerate import compare_metadata

        context = MigrationContext.configure(connection)
        found = compare_metadata(context, metadata)
        return [each for each in found if "user" in str(each) or "auth_" in str(each)]

    async with engine.connect() as connection:
        assert await connection.run_sync(compare) == []
    await site.engine.dispose()


def test_the_command_prints_what_a_shell_can_pipe(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT)")
        database.execute("INSERT INTO accounts (email) VALUES ('o''hara@guests.example.org')")
    words = ["sql", "sqlite", "--user-table", "accounts", "--user-id", "integer", "--old-guests", "o'hara@%"]
    printed = subprocess.run(
        [sys.executable, "-m", "stay_signed_in.fastapi", *words], capture_output=True, text=True, check=True
    )
    assert printed.stderr == ""
    with sqlite3.connect(path) as database:
        database.executescript(printed.stdout)
        assert database.execute("SELECT is_guest FROM accounts").fetchall() == [(1,)]
        (kind,) = database.execute(
            "SELECT type FROM pragma_table_info('auth_session') WHERE name = 'user_id'"
        ).fetchone()
    assert kind == "INTEGER"
