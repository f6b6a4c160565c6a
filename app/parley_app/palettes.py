"""The colours of the four themes. Part of the tokens; import them from `tokens`."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Tone:
    """A semantic or identity colour: readable ink and the quiet surface that it sits on."""

    ink: str
    soft: str


@dataclass(frozen=True)
class Palette:
    """Every colour of one theme. Field names say the role, never the hue.

    Eight-digit values are `#AARRGGBB`: Flet reads alpha first, unlike CSS.
    """

    dark: bool
    # surfaces, from the frame behind everything to what floats above everything
    canvas: str
    surface: str
    ground: str
    raised: str
    sunken: str
    scrim: str
    # over photographs
    veil: str
    on_veil: str
    # the one loud surface: the side panel of the signed-out screens
    hero: str
    hero_raised: str
    hero_ink: str
    hero_ink_2: str
    hero_own: str
    on_hero_own: str
    # lines: `line` separates, `line_control` frames what text already names,
    # `line_strong` outlines a field or a checkbox (3:1)
    line: str
    line_control: str
    line_strong: str
    # ink, from body text to the quietest text that is still AA
    ink: str
    ink_2: str
    ink_3: str
    # one accent
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    accent_ink: str
    # bubbles
    own: str
    own_line: str
    own_meta: str
    other: str
    other_line: str
    code: str
    # pointer feedback, laid over whatever is below
    hover: str
    pressed: str
    selected: str
    shadow: str
    skeleton: str
    skeleton_glow: str
    presence: str
    chart_quiet: str
    # meaning
    success: Tone
    warning: Tone
    danger: Tone
    info: Tone
    neutral: Tone
    # people and rooms
    identity: tuple[Tone, ...]
    # code syntax
    syntax_key: str
    syntax_text: str
    syntax_quiet: str


LIGHT: Final = Palette(
    dark=False,
    canvas="#EAE7E0",
    surface="#F5F3EE",
    ground="#FBFAF7",
    raised="#FFFFFF",
    sunken="#EFECE5",
    scrim="#801D1C1A",
    veil="#80000000",
    on_veil="#FFFFFF",
    hero="#0B4F50",
    hero_raised="#146162",
    hero_ink="#FFFFFF",
    hero_ink_2="#C3E2DE",
    hero_own="#D6ECE7",
    on_hero_own="#0B4F50",
    line="#E2DDD3",
    line_control="#CFC9BD",
    line_strong="#878277",
    ink="#1D1C1A",
    ink_2="#4F4C46",
    ink_3="#65615A",
    accent="#0B6A6A",
    accent_hover="#085757",
    on_accent="#FFFFFF",
    accent_soft="#DCEEEB",
    accent_ink="#075354",
    own="#D6ECE7",
    own_line="#C6E2DB",
    own_meta="#3B5B57",
    other="#FFFFFF",
    other_line="#E6E2D9",
    code="#F3F0EA",
    hover="#0A1D1C1A",
    pressed="#141D1C1A",
    selected="#E0EDEA",
    shadow="#1F3A342A",
    skeleton="#E6E2D9",
    skeleton_glow="#F3F0EA",
    presence="#1E8449",
    chart_quiet="#BFDDD7",
    success=Tone("#1A6938", "#DFF1E4"),
    warning=Tone("#744700", "#FAEDCF"),
    danger=Tone("#A5281E", "#FBE6E2"),
    info=Tone("#24528A", "#E2ECF8"),
    neutral=Tone("#4F4C46", "#E9E5DD"),
    identity=(
        Tone("#87401F", "#F3DDD2"),
        Tone("#6B4B00", "#F3E4BF"),
        Tone("#435C16", "#E1EACD"),
        Tone("#0B5C5A", "#D1E9E5"),
        Tone("#235389", "#D7E5F5"),
        Tone("#4C43A0", "#E2DFF6"),
        Tone("#7E3376", "#F0DBEC"),
        Tone("#962D49", "#F6DBE1"),
    ),
    syntax_key="#7E3376",
    syntax_text="#1A6938",
    syntax_quiet="#65615A",
)

DARK: Final = Palette(
    dark=True,
    canvas="#0E1010",
    surface="#141717",
    ground="#191C1C",
    raised="#232727",
    sunken="#111414",
    scrim="#A6000000",
    veil="#80000000",
    on_veil="#FFFFFF",
    hero="#102C2C",
    hero_raised="#1A4140",
    hero_ink="#ECEAE6",
    hero_ink_2="#A9D1CD",
    hero_own="#5CC7BE",
    on_hero_own="#052827",
    line="#2C3131",
    line_control="#424A49",
    line_strong="#757D7B",
    ink="#ECEAE6",
    ink_2="#BCBAB4",
    ink_3="#9E9D96",
    accent="#5CC7BE",
    accent_hover="#7AD7CF",
    on_accent="#052827",
    accent_soft="#173535",
    accent_ink="#86DDD5",
    own="#1A4140",
    own_line="#235150",
    own_meta="#A9D1CD",
    other="#252929",
    other_line="#2F3535",
    code="#1C2020",
    hover="#0DFFFFFF",
    pressed="#1AFFFFFF",
    selected="#1B3433",
    shadow="#66000000",
    skeleton="#282D2D",
    skeleton_glow="#343A3A",
    presence="#4CC27A",
    chart_quiet="#2B5856",
    success=Tone("#80CF9B", "#17301F"),
    warning=Tone("#ECC274", "#352A12"),
    danger=Tone("#F49C91", "#3C201C"),
    info=Tone("#9FC3F0", "#1A2A3D"),
    neutral=Tone("#BCBAB4", "#2C3131"),
    identity=(
        Tone("#F0AD8D", "#472A1D"),
        Tone("#E6C26D", "#3F3110"),
        Tone("#BBD188", "#2E3A17"),
        Tone("#7CD2CA", "#143D3B"),
        Tone("#9FC6F3", "#1D3450"),
        Tone("#BDB6F6", "#322E5B"),
        Tone("#E8AADF", "#472343"),
        Tone("#F3A8B9", "#4C2230"),
    ),
    syntax_key="#E8AADF",
    syntax_text="#80CF9B",
    syntax_quiet="#9E9D96",
)


def _high_contrast(base: Palette, **changes: object) -> Palette:
    return Palette(**{**base.__dict__, **changes})


HIGH_CONTRAST_LIGHT: Final = _high_contrast(
    LIGHT,
    canvas="#FFFFFF", surface="#FFFFFF", ground="#FFFFFF", sunken="#FFFFFF",
    line="#1D1C1A", line_strong="#000000", ink="#000000", ink_2="#1D1C1A", ink_3="#33302B",
    accent="#004B4B", accent_ink="#004B4B", other_line="#1D1C1A", own_line="#004B4B",
)  # fmt: skip
HIGH_CONTRAST_DARK: Final = _high_contrast(
    DARK,
    canvas="#000000", surface="#000000", ground="#000000", raised="#0B0D0D", sunken="#000000",
    line="#C9C7C1", line_strong="#FFFFFF", ink="#FFFFFF", ink_2="#ECEAE6", ink_3="#D8D6D0",
    accent="#7FE8DF", accent_ink="#7FE8DF", other="#000000", other_line="#C9C7C1",
)  # fmt: skip
