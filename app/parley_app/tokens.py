"""Design tokens of Parley: the only place where a raw colour, size or duration is written.

Components read colours through `Ui.c` (a `Palette`) and everything else from the
constants below, so that a change of look is a change of this module.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from parley_app.palettes import DARK, HIGH_CONTRAST_DARK, HIGH_CONTRAST_LIGHT, LIGHT, Palette, Tone

__all__ = [
    "DARK",
    "FONTS",
    "HIGH_CONTRAST_DARK",
    "HIGH_CONTRAST_LIGHT",
    "LIGHT",
    "Elevation",
    "Family",
    "Layout",
    "Motion",
    "Palette",
    "Radius",
    "Size",
    "Space",
    "Stroke",
    "Tone",
    "Type",
    "TypeStyle",
    "Width",
]


class Space:
    """The 4 px grid."""

    HAIR: Final = 2
    XS: Final = 4
    SM: Final = 8
    MD: Final = 12
    LG: Final = 16
    XL: Final = 24
    XXL: Final = 32
    HUGE: Final = 48


class Radius:
    """Corners."""

    XS: Final = 4
    SM: Final = 8
    MD: Final = 12
    LG: Final = 16
    XL: Final = 24
    PILL: Final = 999


class Stroke:
    """Lines."""

    HAIR: Final = 1
    STRONG: Final = 2
    ACCENT: Final = 3


class Size:
    """Fixed measures of things (not distances between things)."""

    ICON_XS: Final = 14
    ICON_SM: Final = 16
    ICON: Final = 20
    ICON_LG: Final = 24
    ICON_HERO: Final = 32
    AVATAR_XS: Final = 20
    AVATAR_SM: Final = 32
    AVATAR: Final = 40
    AVATAR_LG: Final = 44
    AVATAR_XL: Final = 72
    DOT: Final = 12
    TYPING_DOT: Final = 5
    BADGE: Final = 20
    CONTROL_SM: Final = 32
    TOOL: Final = 24  # beside a bubble, where little room is free; the smallest target with a pointer
    CONTROL: Final = 40
    CONTROL_LG: Final = 48
    TOUCH: Final = 44  # the smallest target on a touch screen
    MENU_ROW: Final = 36
    MENU: Final = 264
    HANDLE: Final = 36
    DIALOG: Final = 480
    POPOVER: Final = 360
    EMOJI_LIST_H: Final = 264
    CALENDAR_CELL: Final = 40
    STRIP_THUMB: Final = 56
    STEP_DISC: Final = 28
    PREVIEW: Final = 240
    SWATCH: Final = 96
    ROW: Final = 64
    HEADER: Final = 64
    RAIL_ITEM: Final = 56
    CARD: Final = 440
    GATE: Final = 400
    GATE_WIDE: Final = 600
    TEXT_COLUMN: Final = 760
    PALETTE: Final = 640
    ATTACHMENT: Final = 360
    ATTACHMENT_COMPACT: Final = 264
    ALBUM_ROW: Final = 132
    THUMB: Final = 72
    WAVE_H: Final = 28
    WAVE_BAR: Final = 3
    WAVE_GAP: Final = 2
    METER: Final = 4
    POLL_BAR: Final = 6
    CHART_H: Final = 136
    SPARK: Final = 120
    SPARK_COMPACT: Final = 132
    SPARK_H: Final = 40
    QR: Final = 168
    QR_SM: Final = 136
    BUBBLE_SHARE: Final = 11  # of BUBBLE_WHOLE parts of the column: the widest bubble
    BUBBLE_WHOLE: Final = 13
    BUBBLE_WHOLE_COMPACT: Final = 12
    HERO_SHARE: Final = 5
    GATE_SHARE: Final = 7


class Motion:
    """Milliseconds. With reduced motion on, everything is `INSTANT`."""

    INSTANT: Final = 0
    QUICK: Final = 120
    BASE: Final = 180
    SLOW: Final = 280
    SHIMMER: Final = 1400


class Elevation:
    """Blur radius and vertical offset of the three shadows."""

    LOW: Final = (6, 1)
    MID: Final = (18, 6)
    HIGH: Final = (48, 16)


class Family:
    """Typefaces, bundled."""

    TEXT: Final = "Inter"
    CODE: Final = "JetBrains Mono"
    EMOJI: Final = "Parley Emoji"  # ❤ ☀ ✔ and their like, which Inter would draw plain
    ICON: Final = "Phosphor"
    ICON_FILL: Final = "Phosphor Fill"
    ICON_BOLD: Final = "Phosphor Bold"


FONTS: Final = {
    Family.TEXT: "fonts/InterVariable.woff2",
    Family.CODE: "fonts/jetbrains-mono-latin-400-normal.woff2",
    Family.EMOJI: "fonts/ParleyEmoji.woff2",
    Family.ICON: "fonts/Phosphor.ttf",
    Family.ICON_FILL: "fonts/Phosphor-Fill.ttf",
    Family.ICON_BOLD: "fonts/Phosphor-Bold.ttf",
}


@dataclass(frozen=True)
class TypeStyle:
    """One step of the type scale: size and line in pixels."""

    size: float
    line: float
    weight: int = 400
    tracking: float = 0.0
    family: str = Family.TEXT


class Type:
    """The type scale; line heights sit on the 4 px grid where the text is one line."""

    HERO: Final = TypeStyle(44, 52, 650, -1.2)
    DISPLAY: Final = TypeStyle(30, 36, 650, -0.7)
    TITLE: Final = TypeStyle(22, 28, 650, -0.4)
    HEADING: Final = TypeStyle(16, 24, 600, -0.15)
    BODY: Final = TypeStyle(15, 22, 400, -0.05)
    BODY_STRONG: Final = TypeStyle(15, 22, 600, -0.1)
    SMALL: Final = TypeStyle(13, 18, 400)
    LABEL: Final = TypeStyle(13, 18, 550)
    LABEL_STRONG: Final = TypeStyle(13, 18, 600)
    META: Final = TypeStyle(12, 16, 450)
    META_STRONG: Final = TypeStyle(12, 16, 600)
    EMOJI: Final = TypeStyle(14, 18)
    EMOJI_LG: Final = TypeStyle(24, 32)
    CODE_LG: Final = TypeStyle(30, 40, 400, 2.0, Family.CODE)
    MICRO: Final = TypeStyle(11, 16, 600, 0.1)
    CODE: Final = TypeStyle(13, 20, 400, 0, Family.CODE)
    DIGITS: Final = TypeStyle(18, 28, 400, 1.0, Family.CODE)
    FIGURE: Final = TypeStyle(28, 36, 650, -0.6)


class Width(StrEnum):
    """Window classes."""

    COMPACT = "compact"  # phone: one pane at a time
    MEDIUM = "medium"  # tablet, small window: list and conversation
    WIDE = "wide"  # list, conversation and details


class Layout:
    """Panes and where the window classes begin."""

    MEDIUM_FROM: Final = 720
    WIDE_FROM: Final = 1200
    RAIL: Final = 72
    LIST: Final = 336
    DETAILS: Final = 320
    SETTINGS_NAV: Final = 256
    THREAD: Final = 400
    GUTTER: Final = 24
    GUTTER_COMPACT: Final = 12
