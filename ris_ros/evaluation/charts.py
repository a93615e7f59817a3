"""The plots of a report as inline SVG, drawn in the colours of the page's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ris_ros.evaluation.markup import Markup, element, join

_WIDTH, _HEIGHT = 340.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 12.0, 42.0
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_MIN_RADIUS, _MAX_RADIUS = 3.0, 11.0
_TRACK_WIDTH, _TRACK_HEIGHT = 180.0, 22.0


def reliability_chart(bins: Sequence[Mapping[str, Any]]) -> Markup:
    """What was said against what was true; the area of a point grows with its sentences."""
    filled = [b for b in bins if b["count"]]
    most = max((b["count"] for b in filled), default=1)
    points = [(_x(b["mean_existence"]), _y(b["share_true"])) for b in filled]
    dots = [
        element(
            "circle",
            element(
                "title",
                f"existence {b['low']:.1f} to {b['high']:.1f}: {b['count']} sentences, "
                f"said {b['mean_existence']:.2f}, true {b['share_true']:.2f}",
            ),
            class_="dot",
            cx=x,
            cy=y,
            r=_MIN_RADIUS + (_MAX_RADIUS - _MIN_RADIUS) * (b["count"] / most) ** 0.5,
        )
        for b, (x, y) in zip(filled, points, strict=True)
    ]
    return _chart(
        "Reliability of existence",
        "existence said",
        "share there",
        element("line", class_="guide", x1=_x(0), y1=_y(0), x2=_x(1), y2=_y(1)),
        _polyline(points),
        *dots,
    )


def kept_rejected_chart(
    curve: Sequence[Mapping[str, float]],
    marked: Mapping[str, Mapping[str, float]],
    goal: tuple[float, float],
) -> Markup:
    """What every threshold on existence would keep and reject.

    Args:
        curve: Points with ``threshold``, ``kept`` and ``rejected``.
        marked: Name -> such a point, to be named in the plot.
        goal: (kept, rejected) to be reached, shown as a corner.
    """
    kept, rejected = goal
    dots = [
        element(
            "circle",
            element("title", f"{name}: {p['kept']:.2f} kept, {p['rejected']:.2f} rejected at {p['threshold']:.2f}"),
            class_="dot",
            cx=_x(p["kept"]),
            cy=_y(p["rejected"]),
            r=5,
        )
        for name, p in marked.items()
    ]
    return _chart(
        "Kept and rejected by threshold",
        "true sentences kept",
        "false sentences rejected",
        element(
            "rect",
            element("title", f"to be reached: {kept:.2f} kept, {rejected:.2f} rejected"),
            class_="goal",
            x=_x(kept),
            y=_y(1),
            width=_x(1) - _x(kept),
            height=_y(rejected) - _y(1),
        ),
        _polyline([(_x(p["kept"]), _y(p["rejected"])) for p in curve]),
        *dots,
        *_labels(marked),
    )


def histogram_chart(title: str, counts: Sequence[int]) -> Markup:
    """How many sentences reached which IoU; the bins divide 0 to 1 evenly."""
    most = 4 * -(-max([1, *counts]) // 4)  # so that the quarters at the axis are whole
    step = 1.0 / max(1, len(counts))
    bars = [
        element(
            "rect",
            element("title", f"IoU {i * step:.2f} to {(i + 1) * step:.2f}: {count} sentences"),
            class_="bar",
            x=_x(i * step) + 1,
            y=_y(count / most),
            width=_x(step) - _x(0) - 2,
            height=_y(0) - _y(count / most),
        )
        for i, count in enumerate(counts)
    ]
    return _chart(title, "IoU as answered", "sentences", *bars, y_top=most)


def interval_track(value: float, low: float, high: float, bar: float | None) -> Markup:
    """A figure between 0 and 1 with its interval and the bar it has to reach, for a row of a table."""
    middle = _TRACK_HEIGHT / 2

    def x(share: float) -> float:
        return 6.0 + (_TRACK_WIDTH - 12.0) * min(max(share, 0.0), 1.0)

    return element(
        "svg",
        element("line", class_="axis", x1=x(0), y1=middle, x2=x(1), y2=middle),
        element("line", class_="interval", x1=x(low), y1=middle, x2=x(high), y2=middle),
        None if bar is None else element("line", class_="target", x1=x(bar), y1=2, x2=x(bar), y2=_TRACK_HEIGHT - 2),
        element("circle", class_="dot", cx=x(value), cy=middle, r=4.5),
        class_="track",
        viewBox=f"0 0 {_TRACK_WIDTH:.0f} {_TRACK_HEIGHT:.0f}",
        role="img",
        aria_label=f"{value:.3f}, 95 % interval {low:.3f} to {high:.3f}",
    )


def _chart(title: str, x_name: str, y_name: str, *marks: Markup | None, y_top: float = 1.0) -> Markup:
    grid = [
        join(
            element("line", class_="grid", x1=_x(0), y1=_y(t), x2=_x(1), y2=_y(t)),
            element("text", f"{t:g}", class_="tick", x=_x(t), y=_y(0) + 16, text_anchor="middle"),
            element("text", f"{t * y_top:g}", class_="tick", x=_x(0) - 6, y=_y(t) + 4, text_anchor="end"),
        )
        for t in _TICKS
    ]
    middle = (_y(0) + _y(1)) / 2
    return element(
        "svg",
        *grid,
        *marks,
        element("text", x_name, class_="name", x=(_x(0) + _x(1)) / 2, y=_HEIGHT - 6, text_anchor="middle"),
        element(
            "text", y_name, class_="name", x=11, y=middle, text_anchor="middle", transform=f"rotate(-90 11 {middle:g})"
        ),
        class_="chart",
        viewBox=f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}",
        role="img",
        aria_label=title,
    )


def _labels(marked: Mapping[str, Mapping[str, float]]) -> list[Markup]:
    """The marks' names, below the falling curve and so to the left where there is room, none upon another."""
    labels = []
    lowest = 0.0
    for name, point in sorted(marked.items(), key=lambda item: -item[1]["rejected"]):
        left = point["kept"] > 0.5
        lowest = max(_y(point["rejected"]) + 16.0, lowest + 14.0)
        labels.append(
            element(
                "text",
                f"{name} {point['threshold']:.2f}",
                class_="mark",
                x=_x(point["kept"]) + (-9.0 if left else 9.0),
                y=lowest,
                text_anchor="end" if left else "start",
            )
        )
    return labels


def _polyline(points: Sequence[tuple[float, float]]) -> Markup:
    return element("polyline", class_="curve", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def _x(share: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share
