"""The look by numbers: contrast of every pair of colours that stand on one another, icons that exist, words that fit."""

import pytest

from parley_app import (
    account_words,
    audit_words,
    channel_words,
    lock_words,
    profile_words,
    recovery_words,
    room_words,
    words,
)
from parley_app.tokens import DARK, HIGH_CONTRAST_DARK, HIGH_CONTRAST_LIGHT, LIGHT

AA_TEXT, AA_CONTROL = 4.5, 3.0
SURFACES = ("canvas", "surface", "ground", "raised", "sunken")
THEMES = {"light": LIGHT, "dark": DARK, "hc-light": HIGH_CONTRAST_LIGHT, "hc-dark": HIGH_CONTRAST_DARK}


def luminance(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_pairs(p):
    """Every ink on every surface that it may sit on."""
    for ink in ("ink", "ink_2", "ink_3", "accent"):
        yield from ((f"{ink} on {surface}", getattr(p, ink), getattr(p, surface)) for surface in SURFACES)
    for ink in ("ink", "ink_2", "ink_3", "accent_ink"):
        yield f"{ink} on selected", getattr(p, ink), p.selected
        yield f"{ink} on other", getattr(p, ink), p.other
    for ink in ("ink", "ink_2", "own_meta", "accent_ink"):
        yield f"{ink} on own", getattr(p, ink), p.own
    for surface in ("accent", "accent_hover"):
        yield f"on_accent on {surface}", p.on_accent, getattr(p, surface)
    yield "accent_ink on accent_soft", p.accent_ink, p.accent_soft
    yield "accent_ink on raised", p.accent_ink, p.raised
    for ink in ("ink", "ink_2", "ink_3", "own_meta"):  # a message that somebody jumped to
        yield f"{ink} on accent_soft", getattr(p, ink), p.accent_soft
    yield "ink_2 on code", p.ink_2, p.code  # a quote
    yield from ((f"identity[{number}] on code", tone.ink, p.code) for number, tone in enumerate(p.identity))
    for name in ("success", "warning", "danger", "info", "neutral"):
        tone = getattr(p, name)
        yield from (
            (f"{name}.ink on {s}", tone.ink, colour) for s, colour in (("soft", tone.soft), ("ground", p.ground))
        )
        yield f"{name}.ink on raised", tone.ink, p.raised
        yield f"ink_2 on {name}.soft", p.ink_2, tone.soft
    yield "danger.ink on own", p.danger.ink, p.own
    for number, tone in enumerate(p.identity):
        yield f"identity[{number}] on soft", tone.ink, tone.soft
        yield f"identity[{number}] on other", tone.ink, p.other
    for ink in ("hero_ink", "hero_ink_2"):
        yield from (
            (f"{ink} on {surface}", getattr(p, ink), getattr(p, surface)) for surface in ("hero", "hero_raised")
        )
    yield "on_hero_own on hero_own", p.on_hero_own, p.hero_own


def control_pairs(p):
    yield "focus ring on own", p.accent, p.own
    yield "focus ring on a filled button", p.ink, p.raised
    yield from ((f"line_strong on {surface}", p.line_strong, getattr(p, surface)) for surface in SURFACES)


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_controls_are_readable(theme):
    palette = THEMES[theme]
    low = [(name, round(contrast(a, b), 2)) for name, a, b in text_pairs(palette) if contrast(a, b) < AA_TEXT]
    low += [(name, round(contrast(a, b), 2)) for name, a, b in control_pairs(palette) if contrast(a, b) < AA_CONTROL]
    assert not low


def test_low_contrast_is_caught():
    assert contrast("#777777", "#888888") < AA_CONTROL and contrast("#000000", "#FFFFFF") == pytest.approx(21)


def sentences():
    modules = (words, room_words, channel_words, audit_words, account_words, profile_words, lock_words, recovery_words)
    for name, value in (pair for module in modules for pair in vars(module).items()):
        if name.isupper():
            values = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
            yield from ((name, text) for text in values if isinstance(text, str))


def test_words_neither_shout_nor_blame():
    assert len(list(sentences())) > 150
    loud = [(name, text) for name, text in sentences() if "!" in text or "invalid" in text.lower() or not text.strip()]
    assert not loud


def test_every_fault_says_what_to_do_or_what_happened():
    assert all(text[0].isupper() and text[-1] == "." for text in words.FAULTS.values())
