"""Lenders' policies, and the backgrounds of applicants at their cut-offs."""

import sqlalchemy as sa
from alembic import op

from scoring.store.migrations.append_only import guard

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lender_policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cut_off", sa.Integer(), nullable=True),
        sa.Column("margin", sa.Integer(), nullable=True),
        sa.Column("positive_only", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(cut_off IS NULL) = (margin IS NULL)",
            name=op.f("ck_lender_policies_cut_off_with_margin"),
        ),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_lender_policies_lender_id_lenders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lender_policies")),
    )
    op.create_index(
        op.f("ix_lender_policies_lender_id"), "lender_policies", ["lender_id"], unique=False
    )
    op.create_table(
        "cut_off_backgrounds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column(
            "lender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("positive_only", sa.Boolean(), nullable=False),
        sa.Column("cut_off", sa.Integer(), nullable=False),
        sa.Column("margin", sa.Integer(), nullable=False),
        sa.Column("founders", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("computed_by", sa.String(length=120), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["lenders.id"], name=op.f("fk_cut_off_backgrounds_lender_id_lenders")
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_cut_off_backgrounds_model_id_models")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_off_backgrounds")),
        sa.UniqueConstraint("reference", name=op.f("uq_cut_off_backgrounds_reference")),
    )
    op.create_index(
        op.f("ix_cut_off_backgrounds_lender_id"), "cut_off_backgrounds", ["lender_id"], unique=False
    )
    guard(["lender_policies", "cut_off_backgrounds"])
