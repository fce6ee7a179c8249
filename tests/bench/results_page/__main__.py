"""`python -m tests.bench.results_page`: write the page anew; with `--check` only say whether the committed one is still right."""

import argparse
import sys
from pathlib import Path

from tests.bench.results_page.page import make_page

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "loadtests" / "results"
PAGE = "index.html"


def main() -> int:
    """Write, or check: 1 where the page is not what the raw files say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.results_page", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of the raw files and of the page")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    path, page = arguments.folder / PAGE, make_page(arguments.folder)
    if arguments.check:
        if path.exists() and path.read_text() == page:
            return 0
        print(f"{path} is not what the raw files beside it say; run `make results-page`", file=sys.stderr)
        return 1
    path.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
