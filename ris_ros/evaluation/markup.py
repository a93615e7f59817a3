"""HTML and SVG as nested calls: whatever is not markup already is escaped, so that no sentence can break a page."""

from __future__ import annotations

import html

_VOID_TAGS = frozenset({"br", "circle", "img", "line", "meta", "path", "polyline", "rect"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: str | float | None) -> Markup:
    """One element.

    Args:
        tag: Its name.
        children: Escaped unless they are :class:`Markup`; None is left out.
        attributes: Escaped; a trailing underscore of a name is dropped (``class_``), another underscore becomes a
            hyphen; None is left out.

    Returns:
        Its HTML; SVG shapes and void tags close themselves when they have no children.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(_text(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = join(*children)
    if not inside and tag in _VOID_TAGS:
        return Markup(f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{inside}</{tag}>")


def join(*children: str | None) -> Markup:
    """Elements and texts one after another; see :func:`element`."""
    return Markup("".join(c if isinstance(c, Markup) else html.escape(c) for c in children if c is not None))


def _text(value: str | float) -> str:
    """Coordinates to a hundredth: more makes a page larger and no picture better."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
