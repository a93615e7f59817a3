"""All figures of an evaluation as plain values: what ``metrics.json`` holds (described in ``docs/evaluation.md``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, get_args

import numpy as np

from ris_ros.evaluation.calibration import (
    expected_calibration_error,
    kept_rejected_curve,
    operating_point,
    reliability,
)
from ris_ros.evaluation.headline import HEADLINES, over_scores, robust_samples
from ris_ros.evaluation.metrics import GeneralizedFigures, MaskFigures, PointingFigures, RobustFigures
from ris_ros.evaluation.regions import ENTIRELY_CLEAR
from ris_ros.evaluation.resampling import LEVEL, ROUNDS, Estimate, Resampling, Units
from ris_ros.evaluation.results import Results
from ris_ros.evaluation.score import Length, Score, Size, TargetName
from ris_ros.evaluation.semantic import CLASS_WORDS, class_ious, common_classes
from ris_ros.pipeline.thresholds import Thresholds

SCHEMA: int = 1
HISTOGRAM_BINS: int = 20
KEPT_AT_LEAST: float = 0.85
"""Share of the true sentences that the operating point ``enough_kept`` keeps."""

TARGETS: tuple[TargetName, ...] = get_args(TargetName)
_SLICES: Mapping[str, Callable[[Score], str | None]] = MappingProxyType(
    {
        "kind": lambda s: s.kind,
        "size": lambda s: s.size,
        "length": lambda s: s.length,
        "wording": lambda s: s.wording,
    }
)
_ORDER: tuple[str, ...] = (*get_args(Size), *get_args(Length))


def figures(results: Results, thresholds: Thresholds, seed: int = 0, block_frames: int = 1) -> dict[str, Any]:
    """All figures.

    Args:
        results: What was asked and answered.
        thresholds: Those that the answers were made with.
        seed: Of the resampling.
        block_frames: Neighbouring frames of a drive that are resampled together.
    """
    units = Units(results.image_ids, block_frames)
    resampling = Resampling(units.count, seed)
    scores = results.scores
    ious = class_ious(results.classes)
    return {
        "schema": SCHEMA,
        "images": len(results.image_ids),
        "sentences": len(scores),
        "thresholds": asdict(thresholds),
        "resampling": {
            "block_frames": block_frames,
            "units": units.count,
            "rounds": ROUNDS,
            "level": LEVEL,
        },
        "headline": {
            name: asdict(resampling.estimate(headline.make(results, units)))
            | {"label": headline.label, "bar": headline.bar, "aim": headline.aim}
            for name, headline in HEADLINES.items()
        },
        "targets": {target: _of_target([s for s in scores if s.target == target], target) for target in TARGETS},
        "robust": asdict(RobustFigures.of([sample for _, sample in robust_samples(scores)])),
        "generalized": asdict(
            GeneralizedFigures.of(
                [(s.overlap(True), s.found) for s in scores if s.match is not None],
                [s.answered_px for s in scores if s.match is None],
            )
        ),
        "existence": _existence(scores, thresholds),
        "auto_target": {
            target: _share([s.auto_target == s.target for s in scores if s.target == target]) for target in TARGETS
        },
        "slices": {
            name: {target: _slices(results, units, resampling, target, key) for target in TARGETS}
            for name, key in _SLICES.items()
        },
        "semantic": {
            "words": {name: CLASS_WORDS[name] for name in ious},
            "iou": ious,
            "in_mean": [name for name in common_classes(results.classes) if name in ious],
        },
    }


def _of_target(scores: Sequence[Score], target: TargetName) -> dict[str, Any]:
    there = [s for s in scores if s.match is not None]
    ious = [s.overlap(True).iou for s in there]
    histogram = np.histogram(ious, bins=HISTOGRAM_BINS, range=(0.0, 1.0))[0]
    return {
        "gated": _masks(scores, there, True, target),
        "ungated": _masks(scores, there, False, target),
        "prior_pointing": _share([s.match.prior_hit for s in there if s.match is not None]),
        "iou_histogram": histogram.tolist(),
    }


def _masks(scores: Sequence[Score], there: Sequence[Score], gated: bool, target: TargetName) -> dict[str, Any]:
    masks = asdict(MaskFigures.of([s.overlap(gated) for s in there]))
    pointing = PointingFigures.of([s.rank(gated) for s in there])
    boundary = MaskFigures.of([s.boundary(gated) for s in there])
    made: dict[str, Any] = masks | {
        "precision_at": {str(level): share for level, share in masks["precision_at"].items()},
        "mean_boundary_iou": boundary.mean_iou,
        "recall_at": {str(k): share for k, share in pointing.recall_at.items()},
    }
    return made | (_places([s for s in scores if s.found or not gated]) if target == "region" else {})


def _places(scores: Sequence[Score]) -> dict[str, float | int | None]:
    """Where the regions of answers lie, beside their overlap with the truth."""
    roads = [s.road_share for s in scores if s.road_share is not None]
    clear = [s.clear_share for s in scores if s.clear_share is not None]
    sides = [s.on_side for s in scores if s.on_side is not None]
    return {
        "share_on_road": float(np.mean(roads)) if roads else None,
        "share_clear_of_object": float(np.mean(clear)) if clear else None,
        "entirely_clear_of_object": _share([share >= ENTIRELY_CLEAR for share in clear]),
        "clear_of_object_count": len(clear),
        "on_side": _share(sides),
        "on_side_count": len(sides),
    }


def _existence(scores: Sequence[Score], thresholds: Thresholds) -> dict[str, Any]:
    existence = np.array([s.existence for s in scores], np.float64)
    exists = np.array([s.exists for s in scores], np.bool_)
    has_mask = np.array([s.predicted_px > 0 for s in scores], np.bool_)
    bins = reliability(existence, exists)
    curve = kept_rejected_curve(existence, exists, has_mask)
    enough = [point for point in curve if point.kept >= KEPT_AT_LEAST]
    return {
        "true": int(exists.sum()),
        "false": int((~exists).sum()),
        "expected_calibration_error": expected_calibration_error(bins),
        "brier": float(np.mean((existence - exists) ** 2)) if len(scores) else None,
        "bins": [asdict(b) for b in bins],
        "curve": [asdict(point) for point in curve],
        "operating_points": {
            "shipped": asdict(operating_point(thresholds.existence, existence, exists, has_mask)),
            "balanced": asdict(max(curve, key=lambda point: point.kept + point.rejected)),
            "enough_kept": asdict(max(enough, key=lambda point: point.rejected)) if enough else None,
        },
    }


def _slices(
    results: Results,
    units: Units,
    resampling: Resampling,
    target: TargetName,
    key: Callable[[Score], str | None],
) -> dict[str, Any]:
    groups: dict[str, list[Score]] = {}
    for scored in results.scores:
        name = key(scored)
        if scored.target == target and name is not None:
            groups.setdefault(name, []).append(scored)
    order = sorted(groups, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return {name: _slice(groups[name], units, resampling) for name in order}


def _slice(scores: Sequence[Score], units: Units, resampling: Resampling) -> dict[str, Any]:
    part = Results(tuple(scores), ())
    there = [s for s in scores if s.match is not None]

    def estimate(value: Callable[[Score], float]) -> dict[str, float | None]:
        made: Estimate = resampling.estimate(over_scores(lambda s: s.match is not None, value)(part, units))
        return asdict(made)

    return {
        "count": len(scores),
        "there": len(there),
        "mean_iou": estimate(lambda s: s.overlap(True).iou),
        "mean_iou_ungated": MaskFigures.of([s.overlap(False) for s in there]).mean_iou if there else None,
        "precision_at_0.5": _share([s.overlap(True).iou >= 0.5 for s in there]),
        "pointing": estimate(lambda s: float(s.rank(False) == 0)),
        "prior_pointing": _share([s.match.prior_hit for s in there if s.match is not None]),
        "existence_right": _share([s.found == s.exists for s in scores]),
    }


def _share(hits: Sequence[bool]) -> float | None:
    return float(np.mean(hits)) if hits else None
