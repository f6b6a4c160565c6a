"""Pictures for tests, and one that takes a decoder minutes."""

import io

from PIL import Image

_SCAN, _END = b"\xff\xda", b"\xff\xd9"


def drawn(size, form, colour="teal", **how):
    """A picture of one colour, as a file."""
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, form, **how)
    return written.getvalue()


def scanned_again(times, size=(64, 48)):
    """A progressive JPEG whose shortest scan comes so many times more."""
    once = drawn(size, "JPEG", progressive=True)
    scan = _SCAN + min(once.removesuffix(_END).split(_SCAN)[1:], key=len)
    return once.removesuffix(_END) + scan * times + _END
