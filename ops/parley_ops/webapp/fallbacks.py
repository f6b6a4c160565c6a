"""The table by which the stock Flutter client picks a fallback font for a code point, read from its script.

Format (Flutter's engine): three literals. The fonts are pairs of name and path. The sets of fonts are separated by commas,
each a list of numbers, a number being the distance to the font before, less one. The ranges cover all code points in
order: a size less two (left out where the range is one code point) and the number of a set of fonts. A number is a decimal
prefix times 26 plus a letter; the letters of a set's number are upper case.
"""

from __future__ import annotations

import re
import sys
from itertools import accumulate

from parley_ops.errors import OperationError

_FONT = re.compile(r'"(Noto [^"]+)","([a-z0-9]+/v\d+/[A-Za-z0-9_.-]+\.woff2)"')
_SETS = re.compile(r'"((?:(?:\d*[a-z])*,){1000,}(?:\d*[a-z])*)"')
_RANGES = re.compile(r'"((?:(?:\d*[a-z])?\d*[A-Z]){1000,})"')
_NUMBER = re.compile(r"(\d*)([a-z])")
_RANGE = re.compile(r"(?:(\d*)([a-z]))?(\d*)([A-Z])")


def coverage(script: str) -> dict[str, frozenset[int]]:
    """The code points for which the client whose `main.dart.js` this is would fetch each path."""
    paths = [path for _, path in _FONT.findall(script)]
    sets, ranges = _SETS.search(script), _RANGES.search(script)
    if not paths or sets is None or ranges is None:
        raise OperationError("The stock client's table of fallback fonts has another format than this build knows.")
    fonts = [_fonts(text) for text in sets[1].split(",")]
    found: dict[str, set[int]] = {path: set() for path in paths}
    start = 0
    for match in _RANGE.finditer(ranges[1]):
        size = 1 if match[2] is None else _number(match[1], match[2], "a") + 2
        for font in fonts[_number(match[3], match[4], "A")]:
            found[paths[font]].update(range(start, start + size))
        start += size
    if start != sys.maxunicode + 1:
        raise OperationError(f"The stock client's table of fallback fonts ends at {start:#x}.")
    return {path: frozenset(points) for path, points in found.items()}


def _fonts(text: str) -> list[int]:
    steps = (_number(prefix, letter, "a") + 1 for prefix, letter in _NUMBER.findall(text))
    return [position - 1 for position in accumulate(steps)]


def _number(prefix: str, letter: str, zero: str) -> int:
    return int(prefix or 0) * 26 + ord(letter) - ord(zero)
