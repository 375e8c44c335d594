"""All tables, as the code declares them, and the triggers that make each append-only."""

from alembic import op

from scoring.store.migrations.append_only import guard
from scoring.store.schema import schema_name
from scoring.store.tables import Base

# Until a first release this is the only migration, and a store of other tables is refused. The
# first release writes out the tables as they are then, and later migrations go on from there.
revision = schema_name()
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind())
    guard(sorted(Base.metadata.tables))
