"""Figures of an evaluation, for machines (JSON) and for people (a table)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ris_ros.evaluation.evaluate import Evaluation
from ris_ros.evaluation.metrics import (
    ExistenceFigures,
    MaskFigures,
    Overlap,
    PointingFigures,
    RobustFigures,
    RobustSample,
    bootstrap_interval,
)
from ris_ros.evaluation.score import Score
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Target

_ROUNDS = 1000


def report(evaluation: Evaluation, thresholds: Thresholds, seed: int = 0) -> dict[str, Any]:
    """All figures, as plain values for JSON.

    ``masks`` are the answers as given (an existence below its threshold empties them); ``ungated`` are the masks
    without that gate. The unit of the robust figures is the image: its true sentences about objects and its false ones.
    Intervals are 95 % bootstrap intervals over images. ``pointing_of_prior`` is the pointing game of one who points at
    the road before us without looking: manoeuvres end there often, so a pointing game means little without it.

    Args:
        evaluation: What was asked and answered.
        thresholds: Those that the answers were made with.
        seed: Of the resampling.
    """
    scores = evaluation.scores
    objects = [s for s in scores if s.target is Target.OBJECT]
    regions = [s for s in scores if s.target is Target.REGION]
    return {
        "images": evaluation.image_count,
        "sentences": len(scores),
        "thresholds": asdict(thresholds),
        "object": _target_figures(objects, seed),
        "region": _target_figures(regions, seed),
        "robust": asdict(RobustFigures.of(_by_image(objects))),
        "existence": asdict(ExistenceFigures.of([s.exists for s in scores], [s.found for s in scores]))
        | {"no_target_interval": _interval([s for s in scores if not s.exists], lambda s: float(not s.found), seed)}
        | {"target_interval": _interval([s for s in scores if s.exists], lambda s: float(s.found), seed)},
        "by_kind": {str(key): _short(part) for key, part in _grouped(scores, lambda s: s.kind)},
        "by_wording": {str(key): _short(part) for key, part in _grouped(scores, lambda s: s.wording)},
        "by_size": {
            f"{target.name.lower()} {key}": _short(part)
            for target, those in ((Target.OBJECT, objects), (Target.REGION, regions))
            for key, part in _grouped([s for s in those if s.exists], lambda s: s.size)
        },
        "semantic": {"mean_iou": evaluation.classes.mean_iou(), "iou": evaluation.classes.ious()},
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for people, as aligned text."""
    lines = [f"{figures['sentences']} sentences on {figures['images']} images"]
    lines.append("")
    lines.append(
        f"{'':10}  count    oIoU    mIoU            95 %    P@.5   point            95 %  unseen   ungated mIoU"
    )
    for name in ("object", "region"):
        part = figures[name]
        masks, pointing = part["masks"], part["pointing"]
        lines.append(
            f"{name:10}{masks['count']:7}{masks['overall_iou']:8.3f}{masks['mean_iou']:8.3f}{_range(part['mean_iou_interval']):>16}"
            f"{masks['precision_at']['0.5']:8.3f}{pointing['recall_at']['1']:8.3f}{_range(part['pointing_interval']):>16}"
            f"{part['pointing_of_prior']:9.3f}{part['ungated']['mean_iou']:15.3f}"
        )
    existence, robust = figures["existence"], figures["robust"]
    lines += [
        "",
        f"true kept (T-acc)      {existence['target_accuracy']:.3f} {_range(existence['target_interval'])}",
        f"false rejected (N-acc) {existence['no_target_accuracy']:.3f} {_range(existence['no_target_interval'])}",
        f"mRR {robust['mean_rejection_rate']:.3f}, rIoU {robust['robust_iou']:.3f} (per image)",
        f"semantic mIoU by words {figures['semantic']['mean_iou']:.3f}",
        "  " + ", ".join(f"{name} {iou:.2f}" for name, iou in figures["semantic"]["iou"].items()),
    ]
    for title in ("by_wording", "by_size", "by_kind"):
        lines += ["", f"{title.replace('_', ' '):20}{'count':>7}{'mIoU':>8}{'point':>8}{'right':>8}"]
        for name, part in figures[title].items():
            lines.append(
                f"{name:20}{part['count']:7}{_cell(part['mean_iou'])}{_cell(part['pointing'])}{_cell(part['existence_right'])}"
            )
    return "\n".join(lines)


def _target_figures(scores: Sequence[Score], seed: int) -> dict[str, Any]:
    there = [s for s in scores if s.overlap is not None]
    return {
        "masks": _masks([s.overlap for s in there if s.overlap is not None]),
        "mean_iou_interval": _interval(there, lambda s: s.overlap.iou if s.overlap else 0.0, seed),
        "ungated": _masks([s.ungated for s in there if s.ungated is not None]),
        "pointing": _pointing(there),
        "pointing_interval": _interval(there, lambda s: float(s.rank == 0), seed),
        "pointing_of_prior": float(np.mean([s.prior_hit for s in there])) if there else 0.0,
    }


def _masks(overlaps: Sequence[Overlap]) -> dict[str, Any]:
    figures = asdict(MaskFigures.of(overlaps))
    return figures | {"precision_at": {str(level): share for level, share in figures["precision_at"].items()}}


def _pointing(scores: Sequence[Score]) -> dict[str, Any]:
    figures = asdict(PointingFigures.of([s.rank for s in scores if s.rank is not None]))
    return figures | {"recall_at": {str(k): share for k, share in figures["recall_at"].items()}}


def _short(scores: Sequence[Score]) -> dict[str, Any]:
    there = [s.overlap for s in scores if s.overlap is not None]
    return {
        "count": len(scores),
        "mean_iou": MaskFigures.of(there).mean_iou if there else None,
        "pointing": float(np.mean([s.rank == 0 for s in scores if s.rank is not None])) if there else None,
        "existence_right": float(np.mean([s.found == s.exists for s in scores])),
    }


def _by_image(scores: Sequence[Score]) -> list[RobustSample]:
    return [
        RobustSample(
            tuple(s.overlap for s in part if s.overlap is not None),
            tuple(s.predicted_px for s in part if not s.exists),
        )
        for _, part in _grouped(scores, lambda s: s.image)
    ]


def _interval(scores: Sequence[Score], value: Callable[[Score], float], seed: int) -> tuple[float, float]:
    values = np.array([value(s) for s in scores], np.float64)
    groups = np.array([s.image for s in scores], np.int64)
    return bootstrap_interval(values, np.ones(len(values)), groups, np.random.default_rng(seed), _ROUNDS)


def _grouped(scores: Iterable[Score], key: Callable[[Score], Hashable]) -> list[tuple[Hashable, list[Score]]]:
    groups: dict[Hashable, list[Score]] = {}
    for scored in scores:
        groups.setdefault(key(scored), []).append(scored)
    return sorted(groups.items(), key=lambda item: str(item[0]))


def _range(interval: tuple[float, float]) -> str:
    return f"[{interval[0]:.3f} {interval[1]:.3f}]"


def _cell(value: float | None) -> str:
    return f"{'-':>8}" if value is None else f"{value:8.3f}"
