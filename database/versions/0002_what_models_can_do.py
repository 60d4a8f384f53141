"""What models can do: abilities, and the space of embeddings."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BY_WORD = {
    "function_calling": "tools",
    "tool_use": "tools",
    "image_understanding": "images",
    "structured_output": "json_schema",
}
"""What the words of the models that were there say of abilities; an administrator may say more."""
_BY_UPSTREAM = {
    "gpt-4o": {"tools", "images", "files", "json_schema"},
    "claude-3-sonnet-20240229": {"tools", "images"},
}
"""Two of the default models, whose words are the earlier service's and say less, or more."""


def upgrade() -> None:
    # The default is for instances of before, which add models while this one is at work already.
    op.add_column("models", sa.Column("abilities", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("models", sa.Column("embedding_space", sa.Text(), nullable=True))
    models = sa.table("models", *map(sa.column, ("id", "upstream", "capabilities", "abilities")))
    connection = op.get_bind()
    known = connection.execute(sa.select(models.c.id, models.c.upstream, models.c.capabilities)).all()
    for model, upstream, capabilities in known:
        words = {_BY_WORD[word] for word in json.loads(capabilities) if word in _BY_WORD}
        if able := _BY_UPSTREAM.get(upstream, words):
            told = sa.update(models).where(models.c.id == model).values(abilities=json.dumps(sorted(able)))
            connection.execute(told)


def downgrade() -> None:
    op.drop_column("models", "embedding_space")
    op.drop_column("models", "abilities")
