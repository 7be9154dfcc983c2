"""`python -m backend.app.users`: people who sign in with a password."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence

from sqlalchemy import delete, select, update

from backend.app.core import tables
from backend.app.core.auth import LOCAL, ensure_local
from backend.app.core.db import Database
from backend.app.core.migrate import MigrationError
from backend.app.core.settings import SettingsError, load

_OWNED = ("conversations", "messages", "attachments", "runs", "votes", "past_calls")


class UsersError(Exception):
    """It cannot be done; the message says why."""


def ask_password() -> str:
    """Read a password: twice from a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise UsersError("the two are not the same")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < 8:
        raise UsersError("a password has at least 8 characters")
    return password


async def add(db: Database, email: str, password: str) -> str:
    """Make a person or give them a new password, which ends their sessions; returns what was done."""
    from backend.app.services.accounts import add_user, hash_password

    email = email.strip().lower()
    if "@" not in email:
        raise UsersError(f"`{email}` is not an address")
    hashed = hash_password(password)
    async with db.write() as connection:
        known = await connection.execute(
            update(tables.users)
            .where(tables.users.c.email == email)
            .values(password_hash=hashed)
            .returning(tables.users.c.id)
        )
        user_id = known.scalar()
        if user_id is None:
            await add_user(connection, email=email, password_hash=hashed)
            return f"{email} can sign in (with AUTH_MODE=password)"
        await connection.execute(delete(tables.sessions).where(tables.sessions.c.user_id == user_id))
    return f"{email} has a new password; their sessions have ended"


async def remove(db: Database, email: str) -> str:
    """Delete a person with everything that is theirs."""
    async with db.write() as connection:
        gone = await connection.execute(delete(tables.users).where(tables.users.c.email == email.strip().lower()))
    if gone.rowcount == 0:
        raise UsersError(f"there is nobody with the address {email}")
    return f"{email} and all their conversations are deleted"


async def adopt(db: Database, email: str) -> str:
    """Give a person what was written while sign-in was off."""
    async with db.write() as connection:
        found = await connection.execute(select(tables.users.c.id).where(tables.users.c.email == email.strip().lower()))
        user_id = found.scalar()
        if user_id is None:
            raise UsersError(f"there is nobody with the address {email}")
        for name in _OWNED:
            table = tables.METADATA.tables[name]
            await connection.execute(update(table).where(table.c.user_id == LOCAL.id).values(user_id=user_id))
    return f"{email} has what was written while sign-in was off"


async def listing(db: Database) -> str:
    """Return a line for each person."""
    async with db.read() as connection:
        rows = await connection.execute(select(tables.users).order_by(tables.users.c.created_us))
        lines = [
            f"{row['email'] or row['name']}\t{'password' if row['password_hash'] else row['oidc_issuer'] or '-'}"
            for row in rows.mappings()
            if row["id"] != LOCAL.id
        ]
    return "\n".join(lines) or "nobody yet"


async def run(command: str, email: str) -> str:
    """Do a command on the database of the settings."""
    settings = load()
    password = ask_password() if command == "add" else ""
    db = Database(settings.place)
    try:
        await db.start()
        await ensure_local(db)
        match command:
            case "add":
                return await add(db, email, password)
            case "remove":
                return await remove(db, email)
            case "adopt":
                return await adopt(db, email)
            case _:
                return await listing(db)
    finally:
        await db.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0, or 1 with a line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m backend.app.users", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in (
        ("add", "make a person, or give them a new password"),
        ("remove", "delete a person with everything that is theirs"),
        ("adopt", "give a person what was written while sign-in was off"),
    ):
        commands.add_parser(name, help=told).add_argument("email")
    commands.add_parser("list", help="say who there is")
    commands.add_parser("hash", help="make a hash for AUTH_USERS")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "hash":
            from backend.app.services.accounts import hash_password

            said = hash_password(ask_password())
        else:
            said = asyncio.run(run(chosen.command, getattr(chosen, "email", "")))
    except (UsersError, SettingsError, MigrationError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
