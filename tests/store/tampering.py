"""Somebody with the database's file, who changes what triggers refuse."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import text

from scoring.store.database import Database


def tamper(database: Database, *statements: str, values: tuple[Any, ...] = ()) -> None:
    """Execute statements without triggers, without foreign keys and without the product."""
    if database.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
            there = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            triggers = connection.execute(there).fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement, values)
            for _, made in triggers:  # so that nothing tells of it but what was changed
                connection.execute(made)
            connection.commit()
        return
    with database.engine.begin() as connected:
        connected.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connected.execute(text(statement))


def cut_off(database: Database, after: int) -> None:
    """Remove the last events of the chain and all rows of their transactions but numbers' gaps."""
    instant = f"(SELECT at FROM audit_events WHERE sequence = {after})"
    tamper(
        database,
        f"DELETE FROM promotions WHERE promoted_at > {instant}",
        f"DELETE FROM founders WHERE added_at > {instant}",
        f"DELETE FROM lenders WHERE added_at > {instant}",
        f"DELETE FROM scores WHERE issued_at > {instant}",
        f"DELETE FROM audit_events WHERE sequence > {after}",
    )
