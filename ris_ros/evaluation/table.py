"""The figures of an evaluation as aligned text for a terminal."""

from __future__ import annotations

from typing import Any

_LABEL_WIDTH = 44
_SLICE_COLUMNS = f"{'count':>7}{'mIoU':>8}{'P@.5':>8}{'point':>8}{'unseen':>8}{'right':>8}"


def table(figures: dict[str, Any]) -> str:
    """The figures that :func:`~ris_ros.evaluation.figures.figures` gives, for people."""
    lines = [f"{figures['sentences']} sentences on {figures['images']} images", ""]
    lines.append(f"{'':{_LABEL_WIDTH}}{'value':>7}{'95 %':>15}{'bar':>7}{'aim':>7}")
    for part in figures["headline"].values():
        lines.append(
            f"{part['label']:{_LABEL_WIDTH}}{_number(part['value'])}{_range(part)}{_goal(part['bar'])}{_goal(part['aim'])}"
        )
    existence = figures["existence"]
    lines += [
        "",
        f"existence: calibration error {existence['expected_calibration_error']:.3f}; "
        + "; ".join(
            f"{name.replace('_', ' ')} at {point['threshold']:.2f}: {point['kept']:.3f} kept, "
            f"{point['rejected']:.3f} rejected"
            for name, point in existence["operating_points"].items()
            if point is not None
        ),
        "semantic: "
        + ", ".join(
            f"{name} {iou:.2f}" if name in figures["semantic"]["in_mean"] else f"({name} {iou:.2f})"
            for name, iou in figures["semantic"]["iou"].items()
        ),
    ]
    for name, targets in figures["slices"].items():
        lines += ["", f"{'by ' + name:28}{_SLICE_COLUMNS}"]
        for target, slices in targets.items():
            lines += [_slice_row(f"{target} {key}", part) for key, part in slices.items()]
    return "\n".join(lines)


def _slice_row(name: str, part: dict[str, Any]) -> str:
    cells = (
        part["mean_iou"]["value"],
        part["precision_at_0.5"],
        part["pointing"]["value"],
        part["prior_pointing"],
        part["existence_right"],
    )
    return f"{name:28}{part['count']:7}" + "".join(f"{_number(cell):>8}" for cell in cells)


def _number(value: float | None) -> str:
    return f"{'-':>7}" if value is None else f"{value:7.3f}"


def _range(part: dict[str, Any]) -> str:
    return f"{'':15}" if part["low"] is None else f"  [{part['low']:.3f} {part['high']:.3f}]"


def _goal(value: float | None) -> str:
    return f"{'':7}" if value is None else f"{value:7.2f}"
