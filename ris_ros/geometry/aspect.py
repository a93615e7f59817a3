"""Whether two pictures are the same one at different sizes."""

from __future__ import annotations


def same_aspect(size_px: tuple[int, int], whole_px: tuple[int, int]) -> bool:
    """Whether a picture of one size (width, height) can be one of the other, shrunk or enlarged as a whole.

    Each side of a scaled picture is rounded to whole pixels, so the aspects may differ by as much as that makes.
    """
    (width, height), (whole_width, whole_height) = size_px, whole_px
    return abs(width * whole_height - height * whole_width) <= whole_width + whole_height
