"""Formats as people have them: receipts, quarantine, aliases, disputes, pauses, held records."""

import sqlalchemy as sa
from alembic import op

from scoring.store.migrations.append_only import guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator", sa.String(length=64), nullable=False),
        sa.Column("identifier", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_keys")),
        sa.UniqueConstraint("identifier", name=op.f("uq_operator_keys_identifier")),
    )
    op.create_table(
        "platform_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("event_day", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ends_day", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_learned_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_recorded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_events")),
    )
    op.create_index(
        op.f("ix_platform_events_channel"), "platform_events", ["channel"], unique=False
    )
    op.create_table(
        "programme_calendars",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programmes.id"],
            name=op.f("fk_programme_calendars_programme_id_programmes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_calendars")),
        sa.UniqueConstraint(
            "programme_id", "held_on", name=op.f("uq_programme_calendars_programme_id_held_on")
        ),
    )
    op.create_table(
        "record_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_requests")),
        sa.UniqueConstraint("sender", "key", name=op.f("uq_record_requests_sender_key")),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("natural_key", sa.String(length=300), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("opened_by", sa.String(length=120), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_disputes_founder_id_founders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_founder_id"), "disputes", ["founder_id"], unique=False)
    op.create_table(
        "founder_aliases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_founder_aliases_founder_id_founders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_founder_aliases")),
    )
    op.create_index(op.f("ix_founder_aliases_digest"), "founder_aliases", ["digest"], unique=False)
    op.create_index(
        op.f("ix_founder_aliases_founder_id"), "founder_aliases", ["founder_id"], unique=False
    )
    op.create_table(
        "import_withdrawals",
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_withdrawals_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_withdrawals")),
    )
    op.create_table(
        "operator_key_revocations",
        sa.Column(
            "operator_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_key_id"],
            ["operator_keys.id"],
            name=op.f("fk_operator_key_revocations_operator_key_id_operator_keys"),
        ),
        sa.PrimaryKeyConstraint("operator_key_id", name=op.f("pk_operator_key_revocations")),
    )
    op.create_table(
        "pauses",
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ends_day", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("natural_key", sa.String(length=300), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("event_day", sa.Integer(), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_learned_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_pauses_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_pauses_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index(
        "ix_pauses_founder_id_event_day", "pauses", ["founder_id", "event_day"], unique=False
    )
    op.create_index(
        "uq_pauses_current",
        "pauses",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "quarantined_rows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("natural_key", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("waits_for", sa.String(length=300), nullable=True),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_learned_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_recorded_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_quarantined_rows_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_rows")),
    )
    op.create_index(
        op.f("ix_quarantined_rows_import_id"), "quarantined_rows", ["import_id"], unique=False
    )
    op.create_index(
        op.f("ix_quarantined_rows_person"), "quarantined_rows", ["person"], unique=False
    )
    op.create_index(
        op.f("ix_quarantined_rows_waits_for"), "quarantined_rows", ["waits_for"], unique=False
    )
    op.create_index(
        "uq_quarantined_rows_current",
        "quarantined_rows",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "shops",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_shops_founder_id_founders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
    )
    op.create_index(op.f("ix_shops_founder_id"), "shops", ["founder_id"], unique=False)
    op.create_table(
        "dispute_decisions",
        sa.Column(
            "dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_decisions_dispute_id_disputes")
        ),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_dispute_decisions")),
    )
    op.create_table(
        "founder_alias_withdrawals",
        sa.Column("alias_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alias_id"],
            ["founder_aliases.id"],
            name=op.f("fk_founder_alias_withdrawals_alias_id_founder_aliases"),
        ),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_founder_alias_withdrawals")),
    )
    op.create_table(
        "lender_notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_lender_notices_dispute_id_disputes")
        ),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_lender_notices_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_lender_notices_lender_id_lenders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lender_notices")),
    )
    op.create_index(
        op.f("ix_lender_notices_lender_id"), "lender_notices", ["lender_id"], unique=False
    )
    op.create_table(
        "quarantine_resolutions",
        sa.Column(
            "quarantined_row_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"],
            ["founders.id"],
            name=op.f("fk_quarantine_resolutions_founder_id_founders"),
        ),
        sa.ForeignKeyConstraint(
            ["quarantined_row_id"],
            ["quarantined_rows.id"],
            name=op.f("fk_quarantine_resolutions_quarantined_row_id_quarantined_rows"),
        ),
        sa.PrimaryKeyConstraint("quarantined_row_id", name=op.f("pk_quarantine_resolutions")),
    )
    op.create_table(
        "lender_notice_receipts",
        sa.Column(
            "notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["lender_notices.id"],
            name=op.f("fk_lender_notice_receipts_notice_id_lender_notices"),
        ),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_lender_notice_receipts")),
    )
    op.add_column("applications", sa.Column("held", sa.String(length=40), nullable=True))
    op.add_column("attendance", sa.Column("marked_by", sa.String(length=32), nullable=True))
    op.add_column("attendance", sa.Column("marked_on", sa.Date(), nullable=True))
    op.add_column("attendance", sa.Column("held", sa.String(length=40), nullable=True))
    op.add_column("cash_flow_lines", sa.Column("held", sa.String(length=40), nullable=True))
    op.add_column("declared_outcomes", sa.Column("held", sa.String(length=40), nullable=True))
    op.create_table(
        "import_results",
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("suspect", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("net_sales", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_results_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_results")),
    )
    _move_counts()
    op.add_column("instalments", sa.Column("held", sa.String(length=40), nullable=True))
    op.add_column("loans", sa.Column("held", sa.String(length=40), nullable=True))
    op.add_column(
        "order_lines",
        sa.Column("day_inferred", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("order_lines", sa.Column("stated_on", sa.Date(), nullable=True))
    op.add_column("order_lines", sa.Column("held", sa.String(length=40), nullable=True))
    op.create_index(
        op.f("ix_order_lines_channel_order_line"),
        "order_lines",
        ["channel", "order_line"],
        unique=False,
    )
    op.add_column("repayments", sa.Column("held", sa.String(length=40), nullable=True))

    guard(
        [
            "operator_keys",
            "platform_events",
            "programme_calendars",
            "record_requests",
            "disputes",
            "founder_aliases",
            "import_withdrawals",
            "operator_key_revocations",
            "pauses",
            "quarantined_rows",
            "shops",
            "dispute_decisions",
            "founder_alias_withdrawals",
            "lender_notices",
            "quarantine_resolutions",
            "lender_notice_receipts",
            "applications",
            "attendance",
            "cash_flow_lines",
            "declared_outcomes",
            "import_results",
            "imports",
            "instalments",
            "loans",
            "order_lines",
            "repayments",
        ]
    )


def _move_counts() -> None:
    """Counts leave the receipt's row: it is written before the rows that refer to it."""
    op.execute(
        "INSERT INTO import_results (import_id, rows, accepted, suspect, quarantined, repeated, "
        "left_out, added, corrected, cancelled) "
        "SELECT id, rows, rows, 0, 0, repeated, 0, added, corrected, 0 FROM imports"
    )
    if op.get_bind().dialect.name == "sqlite":  # its triggers name every column
        for name in ("no_update", "no_delete", "no_replace"):
            op.execute(f"DROP TRIGGER imports_{name}")
    for name in ("rows", "added", "repeated", "corrected"):
        op.drop_column("imports", name)
    op.add_column(
        "imports",
        sa.Column("format", sa.String(length=30), nullable=False, server_default="plain"),
    )
