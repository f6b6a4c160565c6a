"""Fallback fonts on our own origin: Flutter asks for Noto slices by the paths of Google Fonts; npm has the same slices."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from parley_ops.errors import OperationError

#: Flutter's family → npm package and, where a family is one file there, the slice that stands for it.
_SLICED = {
    "notosansjp": "@fontsource-variable/noto-sans-jp",
    "notosanskr": "@fontsource-variable/noto-sans-kr",
    "notosanssc": "@fontsource-variable/noto-sans-sc",
    "notosanstc": "@fontsource-variable/noto-sans-tc",
}
_WHOLE = {
    "notosans": ("noto-sans", "cyrillic-ext"),
    "notosansarabic": ("noto-sans-arabic", "arabic"),
    "notosansdevanagari": ("noto-sans-devanagari", "devanagari"),
    "notosanshebrew": ("noto-sans-hebrew", "hebrew"),
    "notosansmath": ("noto-sans-math", "latin"),
    "notosanssymbols": ("noto-sans-symbols", "symbols"),
    "notosanssymbols2": ("noto-sans-symbols-2", "symbols"),
    "notosansthai": ("noto-sans-thai", "thai"),
}
_EMOJI = "notocoloremoji"
_PATHS = re.compile(r"\b(noto[a-z0-9]+)/v\d+/[A-Za-z0-9_-]+(?:\.(\d+))?\.woff2")


def place_fallbacks(client: Path, modules: Path, emoji: Path, to: Path) -> None:
    """Put each fallback font that we have where the stock client (`main.dart.js`) looks for it below `to`."""
    paths = {match[0]: (match[1], match[2]) for match in _PATHS.finditer(client.read_text(errors="replace"))}
    for path, (family, number) in sorted(paths.items()):
        if family in _SLICED:
            found = next((modules / _SLICED[family] / "files").glob(f"*-{number}-wght-normal.woff2"), None)
        elif family in _WHOLE:
            package, subset = _WHOLE[family]
            found = modules / "@fontsource" / package / "files" / f"{package}-{subset}-400-normal.woff2"
        elif family == _EMOJI and emoji.exists():
            # One font of ours has the emoji that people send; the stock slices are SVG, which CanvasKit draws blank.
            found = emoji
        else:
            continue
        if found is None:
            continue  # a slice that npm's version of the family has not
        if not found.exists():
            raise OperationError(
                f"The font {found.name} is not in its npm package; package.json names another version."
            )
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, target)
