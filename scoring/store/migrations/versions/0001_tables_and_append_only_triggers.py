"""Tables and append-only triggers."""

import sqlalchemy as sa
from alembic import op

from scoring.store.migrations.append_only import guard

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "founders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_founders")),
        sa.UniqueConstraint("reference", name=op.f("uq_founders_reference")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("learned", sa.String(length=20), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "lenders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lenders")),
        sa.UniqueConstraint("reference", name=op.f("uq_lenders_reference")),
    )
    op.create_table(
        "models",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("artefact", sa.Text(), nullable=False),
        sa.Column("artefact_digest", sa.String(length=64), nullable=False),
        sa.Column("deployment_profile", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("trained_by", sa.String(length=120), nullable=False),
        sa.Column("trained_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("reference", name=op.f("uq_models_reference")),
    )
    op.create_table(
        "programmes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
        sa.UniqueConstraint("reference", name=op.f("uq_programmes_reference")),
    )
    op.create_table(
        "supersessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("superseded_id", sa.BigInteger(), nullable=False),
        sa.Column("replacement_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "superseded_id <> replacement_id", name=op.f("ck_supersessions_not_by_itself")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supersessions")),
        sa.UniqueConstraint(
            "table_name", "superseded_id", name=op.f("uq_supersessions_table_name_superseded_id")
        ),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("identifier", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_api_keys_lender_id_lenders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("identifier", name=op.f("uq_api_keys_identifier")),
    )
    op.create_index(op.f("ix_api_keys_lender_id"), "api_keys", ["lender_id"], unique=False)
    op.create_table(
        "applications",
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("lender", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.BigInteger(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_applications_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_applications_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
    )
    op.create_index(
        "ix_applications_founder_id_event_day",
        "applications",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(op.f("ix_applications_reference"), "applications", ["reference"], unique=False)
    op.create_index(
        "uq_applications_current",
        "applications",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "audit_events",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_audit_events_founder_id_founders")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("digest", name=op.f("uq_audit_events_digest")),
    )
    op.create_index(
        op.f("ix_audit_events_founder_id"), "audit_events", ["founder_id"], unique=False
    )
    op.create_table(
        "cash_flow_lines",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("inflow", sa.BigInteger(), nullable=False),
        sa.Column("outflow", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.String(length=20), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_cash_flow_lines_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_cash_flow_lines_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_flow_lines")),
    )
    op.create_index(
        "ix_cash_flow_lines_founder_id_event_day",
        "cash_flow_lines",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(
        "uq_cash_flow_lines_current",
        "cash_flow_lines",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("text_version", sa.String(length=40), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_consents_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_consents_lender_id_lenders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_founder_id"), "consents", ["founder_id"], unique=False)
    op.create_table(
        "declared_outcomes",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_declared_outcomes_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_declared_outcomes_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_outcomes")),
    )
    op.create_index(
        op.f("ix_declared_outcomes_application"), "declared_outcomes", ["application"], unique=False
    )
    op.create_index(
        "ix_declared_outcomes_founder_id_event_day",
        "declared_outcomes",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(
        "uq_declared_outcomes_current",
        "declared_outcomes",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "instalments",
        sa.Column("loan", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_instalments_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_instalments_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalments")),
    )
    op.create_index(
        "ix_instalments_founder_id_event_day",
        "instalments",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(op.f("ix_instalments_loan"), "instalments", ["loan"], unique=False)
    op.create_index(
        "uq_instalments_current",
        "instalments",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "loans",
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("lender", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("annual_rate", sa.Double(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("grace_months", sa.Integer(), nullable=False),
        sa.Column("schedule_kind", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_loans_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_loans_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
    )
    op.create_index(
        "ix_loans_founder_id_event_day", "loans", ["founder_id", "event_day"], unique=False
    )
    op.create_index(op.f("ix_loans_reference"), "loans", ["reference"], unique=False)
    op.create_index(
        "uq_loans_current",
        "loans",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "order_lines",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("order_line", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("shipping", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("refund", sa.BigInteger(), nullable=False),
        sa.Column("refund_cause", sa.String(length=10), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("buyer", sa.String(length=32), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_order_lines_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_order_lines_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
    )
    op.create_index(
        "ix_order_lines_founder_id_event_day",
        "order_lines",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(
        "uq_order_lines_current",
        "order_lines",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "programme_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programmes.id"],
            name=op.f("fk_programme_sessions_programme_id_programmes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_sessions")),
        sa.UniqueConstraint(
            "programme_id", "reference", name=op.f("uq_programme_sessions_programme_id_reference")
        ),
    )
    op.create_table(
        "promotions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("promoted_by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("promoted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_promotions_model_id_models")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
    )
    op.create_table(
        "repayments",
        sa.Column("loan", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_repayments_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_repayments_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayments")),
    )
    op.create_index(
        "ix_repayments_founder_id_event_day",
        "repayments",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(op.f("ix_repayments_loan"), "repayments", ["loan"], unique=False)
    op.create_index(
        "uq_repayments_current",
        "repayments",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "used_links",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_used_links_founder_id_founders")
        ),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_used_links")),
    )
    op.create_table(
        "api_key_revocations",
        sa.Column(
            "api_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_api_key_revocations_api_key_id_api_keys")
        ),
        sa.PrimaryKeyConstraint("api_key_id", name=op.f("pk_api_key_revocations")),
    )
    op.create_table(
        "attendance",
        sa.Column(
            "session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("session_kind", sa.String(length=20), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("minutes_late", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.String(length=20), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_attendance_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_attendance_import_id_imports")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["programme_sessions.id"],
            name=op.f("fk_attendance_session_id_programme_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    op.create_index(
        "ix_attendance_founder_id_event_day",
        "attendance",
        ["founder_id", "event_day"],
        unique=False,
    )
    op.create_index(
        "uq_attendance_current",
        "attendance",
        ["source", "natural_key"],
        unique=True,
        sqlite_where=sa.text("superseded_recorded_at IS NULL"),
        postgresql_where=sa.text("superseded_recorded_at IS NULL"),
    )
    op.create_table(
        "consent_withdrawals",
        sa.Column(
            "consent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_consent_withdrawals_consent_id_consents")
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent_withdrawals")),
    )
    op.create_table(
        "scores",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column(
            "founder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "consent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("application", sa.String(length=64), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=False),
        sa.Column("code_version", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_scores_consent_id_consents")
        ),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["founders.id"], name=op.f("fk_scores_founder_id_founders")
        ),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_scores_lender_id_lenders")
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_scores_model_id_models")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
        sa.UniqueConstraint("reference", name=op.f("uq_scores_reference")),
    )
    op.create_index(op.f("ix_scores_founder_id"), "scores", ["founder_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("score_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_idempotency_keys_lender_id_lenders")
        ),
        sa.ForeignKeyConstraint(
            ["score_id"], ["scores.id"], name=op.f("fk_idempotency_keys_score_id_scores")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("lender_id", "key", name=op.f("uq_idempotency_keys_lender_id_key")),
    )
    guard(
        [
            "founders",
            "imports",
            "lenders",
            "models",
            "programmes",
            "supersessions",
            "api_keys",
            "applications",
            "audit_events",
            "cash_flow_lines",
            "consents",
            "declared_outcomes",
            "instalments",
            "loans",
            "order_lines",
            "programme_sessions",
            "promotions",
            "repayments",
            "used_links",
            "api_key_revocations",
            "attendance",
            "consent_withdrawals",
            "scores",
            "idempotency_keys",
        ]
    )
