"""The append-only store: database, audit chain, tables, migrations, snapshots, verification."""
