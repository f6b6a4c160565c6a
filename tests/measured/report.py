"""Prints which lines of our packages the processes of a measured run executed, and holds them to a floor.

    python tests/measured/report.py FOLDER CHECKOUT INSTALLED PACKAGE…

FOLDER is where the processes left what they found; they ran the packages of the checkout or as installed. Ends with 1 below the floor.
"""

import json
import sys
from pathlib import Path

from slipcover import Slipcover, merge_coverage, print_coverage

#: Not run by anybody: settings for the checker of types, and what only says that it is to be written.
OMITTED = ["*/typecheck/*"]
EXCLUDED = ["if TYPE_CHECKING:", "@overload", "raise NotImplementedError"]
COVERED_PERCENT_MIN = 92


def main(folder: Path, checkout: Path, installed: Path, packages: list[str]) -> int:
    """Print the table."""
    sources = [str(checkout / package) for package in packages]
    whole = Slipcover(source=sources, omit=OMITTED, exclude_also=EXCLUDED).get_coverage()
    counted = {str(Path.cwd() / name): set(file["missing_lines"]) for name, file in whole["files"].items()}
    for path in sorted(folder.glob("*.json")):
        found = {
            str(_in_checkout(Path(name), checkout, installed)): executed
            for name, executed in json.loads(path.read_text()).items()
        }
        files = {
            name: {"executed_lines": sorted(counted[name].intersection(executed))}
            for name, executed in found.items()
            if name in counted
        }
        merge_coverage(whole, {"files": files})
    print_coverage(whole)
    covered: float = whole["summary"]["percent_covered"]
    print(f"TOTAL {covered:.1f} % of the lines; the floor is {COVERED_PERCENT_MIN} %")
    return 0 if covered >= COVERED_PERCENT_MIN else 1


def _in_checkout(path: Path, checkout: Path, installed: Path) -> Path:
    return checkout / path.relative_to(installed) if path.is_relative_to(installed) else path


if __name__ == "__main__":
    sys.exit(main(*(Path(word) for word in sys.argv[1:4]), sys.argv[4:]))
