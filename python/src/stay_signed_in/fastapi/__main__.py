"""``python -m stay_signed_in.fastapi sql sqlite``: prints the SQL that an app without Alembic runs once."""

import argparse
from typing import Any

from sqlalchemy import Integer

from .migrations import DIALECTS, statements


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stay_signed_in.fastapi", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sql = commands.add_parser("sql", help="print the tables and columns of sessions as SQL")
    sql.add_argument("dialect", choices=sorted(DIALECTS))
    sql.add_argument("--user-table", default="user", help="the table of users (default: user)")
    sql.add_argument(
        "--user-id", choices=["uuid", "integer"], default="uuid", help="the type of its id (default: uuid)"
    )
    sql.add_argument("--old-guests", metavar="PATTERN", help="mark users as guests whose address is LIKE this")
    given = parser.parse_args()
    user_id: Any = Integer() if given.user_id == "integer" else None
    made = statements(given.dialect, user_table=given.user_table, user_id=user_id, old_guests=given.old_guests)
    print("BEGIN;", *(f"{each};" for each in made), "COMMIT;", sep="\n")


if __name__ == "__main__":
    main()
