"""The store's schema by name: what the tables of this version are, in one short digest.

Until a first release a changed table means another schema, and no store is carried over: records
are imported again from their files. So the name of the schema is made of the tables themselves.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from sqlalchemy import CheckConstraint, MetaData, Table, UniqueConstraint

from scoring.store.tables import Base


@cache
def schema_name() -> str:
    """The migration's number and twelve digits of a digest of all tables, as `alembic_version`."""
    return f"0001_{schema_digest(Base.metadata)}"


def schema_digest(metadata: MetaData) -> str:
    """Twelve digits that change with any table, column, key, constraint or index."""
    described = "\n".join(_described(metadata.tables[name]) for name in sorted(metadata.tables))
    return sha256(described.encode()).hexdigest()[:12]


def _described(table: Table) -> str:
    columns = [
        f"{column.name} {column.type} {column.nullable} {column.primary_key} "
        f"{sorted(key.target_fullname for key in column.foreign_keys)}"
        for column in table.columns
    ]
    constraints = [
        f"unique {[column.name for column in constraint.columns]}"
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ] + [
        f"check {constraint.name} {constraint.sqltext}"
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    ]
    indexes = [
        f"index {index.name} {[str(part) for part in index.expressions]} {index.unique} "
        f"{index.dialect_options['sqlite']['where']}"
        for index in table.indexes
    ]
    return "\n".join([table.name, *columns, *sorted(constraints), *sorted(indexes)])
