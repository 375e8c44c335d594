"""Triggers that refuse to change or remove rows; migrations set them after making a table.

A record's derived mark (`superseded_…_at`) may be set, once, while all else stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from scoring.store.tables.bookkeeping import MARKS


def guard(tables: Iterable[str]) -> None:
    """Make tables append-only on the database that the migration runs on.

    Call it again for a table whose columns a later migration changes: on SQLite the trigger
    lists them.
    """
    bind = op.get_bind()
    postgresql = bind.dialect.name == "postgresql"
    if postgresql:
        _create_postgresql_functions()
    for table in tables:
        columns = [column["name"] for column in sa.inspect(bind).get_columns(table)]
        if postgresql:
            _guard_postgresql(table)
        else:
            _guard_sqlite(table, columns, _unique_keys(bind, table))


def _unique_keys(bind: sa.Connection, table: str) -> list[list[str]]:
    inspector = sa.inspect(bind)
    indexes = (found for found in inspector.get_indexes(table) if found["unique"])
    return [
        inspector.get_pk_constraint(table)["constrained_columns"],
        *(found["column_names"] for found in inspector.get_unique_constraints(table)),
        *([name for name in found["column_names"] if name] for found in indexes),
    ]


def _guard_sqlite(table: str, columns: list[str], unique: list[list[str]]) -> None:
    refusal = f"SELECT RAISE(ABORT, '{table} is append-only: supersede the row instead');"
    fixed = " AND ".join(f'OLD."{c}" IS NEW."{c}"' for c in columns if c not in MARKS)
    allowed = "0"
    if MARKS[0] in columns:
        once = " AND ".join(f"OLD.{mark} IS NULL AND NEW.{mark} IS NOT NULL" for mark in MARKS)
        allowed = f"({once} AND {fixed})"
    # INSERT OR REPLACE removes what is in its way, and fires no trigger for it by default.
    standing = f" AND {MARKS[1]} IS NULL AND NEW.{MARKS[1]} IS NULL" if MARKS[1] in columns else ""
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE "
        + " AND ".join(f'"{column}" = NEW."{column}"' for column in key)
        + (standing if key == ["source", "natural_key"] else "")
        + ")"
        for key in unique
    )
    for name in (f"{table}_no_update", f"{table}_no_delete", f"{table}_no_replace"):
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"WHEN NOT {allowed} BEGIN {refusal} END"
    )
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refusal} END")
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN {taken} BEGIN {refusal} END"
    )


def _create_postgresql_functions() -> None:
    mark = ", ".join(f"'{name}'" for name in MARKS)
    op.execute(f"""
        CREATE OR REPLACE FUNCTION foothold_refuse_change() RETURNS trigger AS $$
        DECLARE
            before jsonb;
            after jsonb;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                before := to_jsonb(OLD);
                after := to_jsonb(NEW);
                IF before ? '{MARKS[0]}'
                    AND before -> '{MARKS[0]}' = 'null' AND before -> '{MARKS[1]}' = 'null'
                    AND after -> '{MARKS[0]}' <> 'null' AND after -> '{MARKS[1]}' <> 'null'
                    AND before - ARRAY[{mark}] = after - ARRAY[{mark}]
                THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION '% is append-only: supersede the row instead', TG_TABLE_NAME;
        END;
        $$ LANGUAGE plpgsql
    """)


def _guard_postgresql(table: str) -> None:
    for level, events in (("row", "UPDATE OR DELETE"), ("statement", "TRUNCATE")):
        op.execute(
            f"CREATE OR REPLACE TRIGGER {table}_append_only_{level} BEFORE {events} ON {table} "
            f"FOR EACH {level.upper()} EXECUTE FUNCTION foothold_refuse_change()"
        )
