"""Draw the scorecard of docs/lender.md: the sample portfolio's model, as its page is printed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "scorecard.png"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WIDTH, _HEIGHT = 960, 1240  # pixels: the first page


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["FOOTHOLD_DATA_DIR"] = str(Path(name) / "store")
        page = Path(name) / "scorecard.html"
        subprocess.run(["foothold", "demo", "--no-serve"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["foothold", "scorecard", "champion", "--format", "html", "--output", str(page)],
            check=True,
        )
        found = next(filter(None, map(shutil.which, _BROWSERS)), None)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
            tab.goto(page.as_uri())
            tab.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
