"""The tables and columns of sessions for a database that has users in it: by Alembic, or as plain SQL.

In an Alembic revision::

    from alembic import op
    from stay_signed_in.fastapi import migrations

    def upgrade() -> None:
        migrations.upgrade(op, old_guests="%@guest.example")

    def downgrade() -> None:
        migrations.downgrade(op)

Without Alembic: ``python -m stay_signed_in.fastapi sql sqlite --old-guests '%@guest.example' | sqlite3 app.db``.
"""

from typing import Any

from fastapi_users_db_sqlalchemy.generics import GUID
from sqlalchemy import BigInteger, Boolean, Column, MetaData, String, Table, column, literal, table, text, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from .tables import DEVICE_CODES, SESSIONS, define_tables, device_code_columns, session_columns

DIALECTS: dict[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}


def _user_columns() -> list[Column[Any]]:
    return [
        Column("is_guest", Boolean, nullable=False, server_default=text("false")),
        Column("credential_version", BigInteger, nullable=False, server_default="0"),
    ]


def _mark_guests(user_table: str, like: str) -> Any:
    users = table(user_table, column("is_guest"), column("email"))
    return update(users).where(users.c.email.like(literal(like, String()))).values(is_guest=true())


def upgrade(
    op: Any, *, user_table: str = "user", user_id: TypeEngine[Any] | None = None, old_guests: str | None = None
) -> None:
    """Adds everything with Alembic's `op`. ``user_id`` is the type of the user's id: fastapi-users' UUID by default.

    ``old_guests``, a pattern of SQL's LIKE, marks users who were guests before as such, by their e-mail addresses.
    """
    for each in _user_columns():
        op.add_column(user_table, each)
    for name, columns in ((SESSIONS, session_columns(user_id or GUID())), (DEVICE_CODES, device_code_columns())):
        op.create_table(name, *columns)
    if old_guests is not None:
        op.execute(_mark_guests(user_table, old_guests))


def downgrade(op: Any, *, user_table: str = "user") -> None:
    """Takes everything away again: every session ends, and guests become users whom nobody can sign in as."""
    op.drop_table(DEVICE_CODES)
    op.drop_table(SESSIONS)
    with op.batch_alter_table(user_table) as batch:
        for each in _user_columns():
            batch.drop_column(each.name)


def statements(
    dialect_name: str,
    *,
    user_table: str = "user",
    user_id: TypeEngine[Any] | None = None,
    old_guests: str | None = None,
) -> list[str]:
    """The same as plain SQL, for ``sqlite`` or ``postgresql``."""
    dialect = DIALECTS[dialect_name]()
    metadata = MetaData()
    tables = define_tables(metadata, user_id or GUID())
    # The compiler knows columns only within a table.
    holder = Table(user_table, MetaData(), *_user_columns())
    compiler = dialect.ddl_compiler(dialect, None)
    quoted = dialect.identifier_preparer.quote(user_table)
    made = [f"ALTER TABLE {quoted} ADD COLUMN {compiler.get_column_specification(each)}" for each in holder.columns]
    for each in (tables.sessions, tables.device_codes):
        made.append(str(CreateTable(each).compile(dialect=dialect)).strip())
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in each.indexes]
    if old_guests is not None:
        marking = _mark_guests(user_table, old_guests).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        made.append(str(marking).replace("%%", "%"))
    return made
