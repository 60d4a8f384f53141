"""Decisions, the catalogues that they were made by, what feedback adds up to, and a key's own policy."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ABILITIES = "abilities"
"""A topic that instances of before do not look at."""


def upgrade() -> None:
    op.create_table(
        "catalog_snapshots",
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("cards", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_catalog_snapshots"),
    )
    op.create_table(
        "decisions",
        sa.Column(
            "id",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("caller", sa.String(length=255), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("cost_nano_usd", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=255), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("scored_at", sa.Double(), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_table(
        "feedback_totals",
        sa.Column("caller", sa.String(length=255), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("surplus", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "model", name="pk_feedback_totals"),
    )
    op.add_column("client_keys", sa.Column("policy", sa.String(length=255), nullable=True))
    revisions = sa.table("revisions", sa.column("topic"), sa.column("revision"))
    op.execute(sa.insert(revisions).values(topic=_ABILITIES, revision=0))


def downgrade() -> None:
    revisions = sa.table("revisions", sa.column("topic"))
    op.execute(sa.delete(revisions).where(revisions.c.topic == _ABILITIES))
    op.drop_column("client_keys", "policy")
    op.drop_table("feedback_totals")
    op.drop_table("decisions")
    op.drop_table("catalog_snapshots")
