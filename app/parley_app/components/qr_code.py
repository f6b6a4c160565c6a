"""QR codes: dark modules on white paper in every palette, for cameras read no other."""

from __future__ import annotations

import flet as ft
import flet.canvas as cv

from parley_app.theme import use_ui
from parley_app.tokens import Radius, Size, Space

_PAPER, _INK = ft.Colors.WHITE, ft.Colors.BLACK
#: Neighbours overlap by this many pixels, so that no hairline shows between them.
_OVERLAP = 0.3


def modules(text: str) -> list[list[bool]]:
    """The rows of a QR code, True where it is dark, without the quiet border; `ValueError` where the text is too long."""
    # Here, because only few pages need it, and the start of the app does not.
    from qrcode.constants import ERROR_CORRECT_L  # noqa: PLC0415
    from qrcode.main import QRCode  # noqa: PLC0415

    code = QRCode(error_correction=ERROR_CORRECT_L, border=0)
    code.add_data(text)
    return [[bool(dark) for dark in row] for row in code.get_matrix()]


def runs(rows: list[list[bool]]) -> list[tuple[int, int, int]]:
    """Dark modules side by side as one: column, row and length."""
    found = []
    for y, row in enumerate(rows):
        start = None
        for x, dark in enumerate([*row, False]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                found.append((start, y, x - start))
                start = None
    return found


@ft.component
def QrCode(text: str, label: str, size: int = Size.QR) -> ft.Control:
    """A QR code of the text; `label` says to assistive technology what it is."""
    ui = use_ui()
    rows = ft.use_memo(lambda: modules(text), [text])
    cell = size / len(rows)
    shapes: list[cv.Path.PathElement] = [
        cv.Path.Rect(x * cell, y * cell, length * cell + _OVERLAP, cell + _OVERLAP) for x, y, length in runs(rows)
    ]
    paper = ft.Container(
        cv.Canvas([cv.Path(shapes, paint=ft.Paint(color=_INK))], width=size, height=size),
        bgcolor=_PAPER,
        padding=Space.LG,
        border_radius=Radius.MD,
        border=ui.border(ui.c.line),
    )
    return ft.Semantics(content=paper, image=True, label=label, container=True)
