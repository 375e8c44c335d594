"""Feature values on each engine: one founder in the store, a lake on DuckDB, Spark."""
