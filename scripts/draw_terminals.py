"""Draw the terminals of docs/files.md: real commands on the sample exports, in their own store."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from datetime import date
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SHOP = "F-6GP9H5RACW"
LATE = """\
상품주문번호,주문일시,결제일,주문상태,수량,상품별 총 주문금액,구매자ID,수취인명
{day}00000001,{day},{day},배송완료,1,12000,견본하나,지어낸사람
{day}00000002,{day},{day},배송완료,1,15000,견본둘,지어낸사람
{day}00000003,{day},{day},배송완료,1,99000000,견본셋,지어낸사람
""".format(day=date(2026, 5, 20).strftime("%Y%m%d"))


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FOOTHOLD_DATA_DIR"] = str(folder / "store")
        run("sample", "--exports", str(folder))
        run("init")
        run("founder", "add", SHOP)
        run("founder", "add", "--file", str(folder / "people.csv"))
        preview = ("import", "smartstore/orders-early.utf8.csv", "--founder", SHOP, "--dry-run")
        draw("preview-smartstore", folder, preview, title="What was understood")
        run("import", str(folder / "smartstore/orders-early.utf8.csv"), "--founder", SHOP)
        run("import", str(folder / "attendance_long/check-ins.utf8.csv"))
        draw("quarantine", folder, ("quarantine", "list"), title="Rows that wait", lines=12)
        (folder / "orders-may.csv").write_text(LATE, encoding="utf-8-sig")
        run("import", str(folder / "orders-may.csv"), "--founder", SHOP)
        draw("suspects", folder, ("suspect", "list"), title="Suspect records")


def run(*words: str, folder: Path | None = None) -> str:
    """What a command prints."""
    done = subprocess.run(
        ["foothold", *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def draw(
    name: str, folder: Path, words: tuple[str, ...], *, title: str, lines: int | None = None
) -> None:
    """Write what a command prints as an SVG, the first lines of it where it is long."""
    printed = run(*words, folder=folder).splitlines()
    shown = printed if lines is None or len(printed) <= lines else [*printed[:lines], "…"]
    console = Console(record=True, width=132, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text("$ foothold " + " ".join(words), style="bold"))
    console.print(Text("\n".join([*shown, ""])), overflow="fold")
    # Without the fonts of another site: whoever looks has a fixed-width font with Hangul.
    plain = re.sub(r"\s*@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    console.save_svg(str(PICTURES / f"{name}.svg"), title=title, code_format=plain)


if __name__ == "__main__":
    main()
