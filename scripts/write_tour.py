"""Write docs/tour.md: from an empty folder to a score, each command with what it really printed.

Everybody in it is invented: the files are those of `foothold sample --exports`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "tour.md"
MOST_LINES = 24
SHOP = "F-6GP9H5RACW"
FOR_LENDER = "--lender L-FIRST --purpose loan_application"

HEAD = """\
# A tour, with what each command prints

Written by `make docs` from real runs in an empty folder. Everybody in it is invented.
Long answers are cut at "…"; references, days and digests are others when you try it.
"""


@dataclass(frozen=True)
class Step:
    """One command of the tour: what it is for, and how it is typed.

    Attributes:
        says: a sentence before the command.
        typed: the words after `foothold`; `{MODEL}` and `{SCORE}` stand for what an earlier
            answer named.
        refused: whether the command is there to show a refusal.
    """

    says: str
    typed: str
    refused: bool = False


STEPS = (
    Step("Invented files to try everything on, as shops and programmes send them:",
         "sample --exports files"),
    Step("A store of your own. Keep it apart from the demonstration's.", "init"),
    Step("A founder is known by a reference. Left out, it is drawn at random; here it is the one "
         "whose shop the sample's files are of.", f"founder add {SHOP}"),
    Step("A lender, and the key that its systems use. The key is shown once.",
         'lender add L-FIRST --name "First Lender"'),
    Step("What would be understood of a shop's export; nothing is stored yet:",
         f"import files/smartstore/orders-early.utf8.csv --founder {SHOP} --dry-run"),
    Step("The same, stored. These orders were known the day after each (`--learned 1`), not only "
         "today. The receipt has a number.",
         f"import files/smartstore/orders-early.utf8.csv --founder {SHOP} --learned 1"),
    Step("The file again: every row is known, and nothing counts twice.",
         f"import files/smartstore/orders-early.utf8.csv --founder {SHOP} --learned 1"),
    Step("What came in so far:", "imports"),
    Step("A founder's records, as somebody looks at them who has a question:",
         f"records {SHOP} --kind sales"),
    Step("Without any loan the expert's scorecard is the model. Somebody trains it …",
         'train --by "Analyst One"'),
    Step("… and may not promote it alone:",
         'promote {MODEL} --by "Analyst One" --reason "first model"', refused=True),
    Step("A second person may.", 'promote {MODEL} --by "Analyst Two" --reason "first model"'),
    Step("Without the founder's consent there is no score:", f"score {SHOP} {FOR_LENDER}",
         refused=True),
    Step("The founder agrees, for this lender and this purpose.",
         f"consent grant {SHOP} {FOR_LENDER}"),
    Step("The score, or what is missing for one:", f"score {SHOP} {FOR_LENDER}"),
    Step("Which model serves:", "models"),
    Step("The card itself, bin by bin:", "scorecard champion"),
    Step("A founder's values, with the records behind each:", f"features {SHOP}"),
    Step("Whatever stands in the store is compared with the chain of events:", "audit verify"),
)  # fmt: skip


def main() -> None:
    """Write the page."""
    PAGE.write_text("\n".join([HEAD, *sections()]), encoding="utf-8")


def sections() -> Iterator[str]:
    """Each step of the tour in Markdown, run in an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        named: dict[str, str] = {}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FOOTHOLD_")}
        environment |= {"FOOTHOLD_DATA_DIR": f"{name}/store", "COLUMNS": "110", "NO_COLOR": "1"}
        for step in STEPS:
            typed = step.typed.format(**named) if "{" in step.typed else step.typed
            done = subprocess.run(
                f'"{sys.executable}" -m foothold {typed}',
                shell=True, cwd=name, env=environment, capture_output=True, text=True,
            )  # fmt: skip
            if (done.returncode != 0) is not step.refused:
                raise SystemExit(f"foothold {typed}\n{done.stdout}{done.stderr}")
            printed = (done.stderr if step.refused else done.stdout).replace(name, "/home/you")
            for key, pattern in (("MODEL", r"\bM-[0-9a-f]+"), ("SCORE", r"\bS-[0-9A-Za-z]+")):
                found = re.search(pattern, printed)
                if found:
                    named.setdefault(key, found[0])
            yield f"{step.says}\n\n```\n$ foothold {typed}\n{_shown(printed)}\n```\n"


def _shown(printed: str) -> str:
    lines = [line.rstrip() for line in printed.strip().splitlines()]
    return "\n".join(lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "…"])


if __name__ == "__main__":
    main()
