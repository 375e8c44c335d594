"""What a plan of Spark moves between partitions: the shuffles, told apart."""

from __future__ import annotations

import re
from typing import Any


def shuffles_of(files: Any) -> dict[str, int]:
    """Count the shuffles in the plan of `SparkLake.files`, kept parts included.

    A kept part is printed wherever it is used, with the same number each time.

    Returns:
        `records`: of records as known, and one of the points; `derived`: of what was calculated
        from them.
    """
    plan = files._jdf.queryExecution().executedPlan().toString()
    moved = set(re.findall(r"Exchange hashpartitioning\(.*?\[plan_id=\d+\]", plan))
    of_records = {line for line in moved if "REPARTITION_BY_NUM" in line}
    return {"records": len(of_records), "derived": len(moved - of_records)}
