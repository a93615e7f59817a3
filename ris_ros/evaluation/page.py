"""One HTML file that needs nothing else: no network, no script; light and dark, on a desk and on a phone."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from ris_ros.evaluation.markup import Markup, element, join

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf9; --card: #ffffff; --ink: #1c2024; --soft: #60666e; --line: #dfe1e4;
  --accent: #1f6feb; --tint: #1f6feb2e; --good: #1a7f4b; --bad: #b3382c; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --card: #1c2024; --ink: #e9ebee; --soft: #9aa2ab;
  --line: #343a41; --accent: #6aa7ff; --tint: #6aa7ff33; --good: #5fce94; --bad: #ff8a7a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 20px 16px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 8px 0; }
h2 { font-size: 19px; margin: 40px 0 4px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
p { max-width: 72ch; margin: 6px 0 12px; }
.soft, figcaption small { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0; }
a { color: var(--accent); }
code { font-size: 13px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: 13px; }
th:first-child, td:first-child { text-align: left; font-weight: 400; white-space: normal; min-width: 130px; }
@media (max-width: 600px) { th, td { padding: 4px 8px; } }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; }
.charts figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; }
figure { margin: 0; }
figure > b { display: block; font-weight: 600; margin-bottom: 4px; }
svg { display: block; width: 100%; height: auto; }
svg.track { width: 180px; }
svg text { fill: var(--ink); font-size: 11px; }
svg .tick, svg .name { fill: var(--soft); }
svg .name { font-size: 12px; }
svg .mark { font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg .grid, svg .axis { stroke: var(--line); stroke-width: 1; }
svg .guide { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .curve { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
svg .dot { fill: var(--accent); stroke: var(--card); stroke-width: 1.5; }
svg .bar { fill: var(--accent); }
svg .goal { fill: var(--tint); stroke: var(--good); stroke-dasharray: 3 3; }
svg .interval { stroke: var(--accent); stroke-opacity: .45; stroke-width: 7; stroke-linecap: round; }
svg .target { stroke: var(--good); stroke-width: 2; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); gap: 14px; }
.gallery figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.gallery img { display: block; width: 100%; height: auto; }
.gallery figcaption { padding: 8px 12px 10px; overflow-wrap: anywhere; }
.gallery figcaption q { display: block; font-weight: 600; }
.gallery figcaption small { display: block; }
.meter { display: inline-block; width: 140px; height: 9px; background: var(--line); border-radius: 5px;
  overflow: hidden; }
.meter i { display: block; height: 100%; background: var(--accent); }
"""


def page(title: str, *content: Markup) -> bytes:
    """A whole page, UTF-8."""
    document = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            element("style", Markup(_STYLE)),
        ),
        element("body", element("main", *content)),
        lang="en",
    )
    return f"<!doctype html>\n{document}\n".encode()


def section(name: str, title: str, *content: Markup | None) -> Markup:
    """A part of the page that ``#name`` leads to."""
    return element("section", element("h2", title), *content, id=name)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table that scrolls sideways where the page is narrow; the first column is text, the others are figures."""
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *(element("th", cell, scope="col") for cell in head))),
            element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows)),
        ),
        class_="scroll",
    )


def chart(title: str, drawing: Markup, caption: str = "") -> Markup:
    """A plot under its name."""
    return element(
        "figure",
        element("b", title),
        drawing,
        element("figcaption", element("small", caption)) if caption else None,
    )


def picture(jpeg: bytes, alternative: str, *caption: Markup) -> Markup:
    """A picture, inside the page itself, over its caption."""
    source = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
    return element(
        "figure",
        element("img", src=source, alt=alternative, loading="lazy"),
        element("figcaption", join(*caption)),
    )


def meter(share: float) -> Markup:
    """A bar for a share of 0 to 1, for a row of a table."""
    return element("span", element("i", style=f"width:{100 * share:.0f}%"), class_="meter")
