"""The figures that a model is judged by, each as something that can be resampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ris_ros.evaluation.calibration import roc_auc
from ris_ros.evaluation.metrics import RobustSample
from ris_ros.evaluation.regions import ENTIRELY_CLEAR
from ris_ros.evaluation.resampling import Statistic, Units, mean, ratio
from ris_ros.evaluation.results import Results
from ris_ros.evaluation.score import Score, TargetName
from ris_ros.evaluation.semantic import mean_class_iou

_ROUNDS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Headline:
    """One figure.

    Attributes:
        label: For people.
        make: The figure of a run, over units that its images belong to.
        bar: What a model has to reach; None where nothing is asked.
        aim: What it should reach.
        less_is_better: Whether a smaller value is a better one.
    """

    label: str
    make: Callable[[Results, Units], Statistic]
    bar: float | None = None
    aim: float | None = None
    less_is_better: bool = False


def robust_samples(scores: Sequence[Score]) -> list[tuple[str, RobustSample]]:
    """(image id, sample) of each object: the true sentences of an image that mean the same pixels.

    A false sentence of an image means none of its objects, so it counts against each; where an image has false
    sentences only, they are a sample of their own. Sentences that send the car somewhere are about no object.
    """
    positives: dict[str, dict[str, list[Score]]] = {}
    negatives: dict[str, list[int]] = {}
    for scored in scores:
        if scored.target != "object":
            continue
        if scored.match is None:
            negatives.setdefault(scored.image_id, []).append(scored.answered_px)
        else:
            positives.setdefault(scored.image_id, {}).setdefault(scored.match.truth_key, []).append(scored)
    samples: list[tuple[str, RobustSample]] = []
    for image_id in dict.fromkeys([*positives, *negatives]):
        false = tuple(negatives.get(image_id, ()))
        groups = list(positives.get(image_id, {}).values()) or [[]]
        samples.extend((image_id, RobustSample(tuple(s.overlap(True) for s in those), false)) for those in groups)
    return samples


def over_scores(
    select: Callable[[Score], bool], value: Callable[[Score], float], weight: Callable[[Score], float] = lambda s: 1.0
) -> Callable[[Results, Units], Statistic]:
    """The ratio of two sums over the sentences that ``select`` chooses."""

    def make(results: Results, units: Units) -> Statistic:
        chosen = [s for s in results.scores if select(s)]
        return ratio(
            [value(s) for s in chosen],
            [weight(s) for s in chosen],
            units.of([s.image_id for s in chosen]),
            units.count,
        )

    return make


def _is_there(target: TargetName) -> Callable[[Score], bool]:
    return lambda s: s.target == target and s.match is not None


def _robust(figure: Callable[[RobustSample], float | None]) -> Callable[[Results, Units], Statistic]:
    def make(results: Results, units: Units) -> Statistic:
        known = [(image, figure(sample)) for image, sample in robust_samples(results.scores)]
        values = [(image, value) for image, value in known if value is not None]
        return mean([value for _, value in values], units.of([image for image, _ in values]), units.count)

    return make


def _semantic(results: Results, units: Units) -> Statistic:
    return mean_class_iou(results.classes, units.of([c.image_id for c in results.classes]), units.count)


def _roc_auc(results: Results, units: Units) -> Statistic:
    place = units.of([s.image_id for s in results.scores])
    existence = np.array([s.existence for s in results.scores], np.float64)
    exists = np.array([s.exists for s in results.scores], np.bool_)

    def statistic(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        # Some rounds at a time: a weight for every sentence in every round may take gigabytes.
        parts = np.array_split(draws, -(-len(draws) // _ROUNDS_AT_ONCE))
        return np.concatenate([roc_auc(existence, exists, part[:, place]) for part in parts])

    return statistic


def _of_masks(target: TargetName, bar: float | None, aim: float | None) -> dict[str, Headline]:
    """The figures of masks as the user sees them: rejected answers count as empty ones."""
    there = _is_there(target)
    name = f"{target.capitalize()}s"
    return {
        f"{target}_mean_iou": Headline(
            f"{name}: mean IoU", over_scores(there, lambda s: s.overlap(True).iou), bar, aim
        ),
        f"{target}_precision_at_0.5": Headline(
            f"{name}: P@0.5", over_scores(there, lambda s: float(s.overlap(True).iou >= 0.5)), bar, aim
        ),
        f"{target}_overall_iou": Headline(
            f"{name}: overall IoU",
            over_scores(there, lambda s: s.overlap(True).intersection_px, lambda s: s.overlap(True).union_px),
        ),
        f"{target}_boundary_iou": Headline(
            f"{name}: mean Boundary IoU", over_scores(there, lambda s: s.boundary(True).iou)
        ),
        f"{target}_mean_iou_ungated": Headline(
            f"{name}: mean IoU, existence gate off", over_scores(there, lambda s: s.overlap(False).iou)
        ),
    }


def _pointing(target: TargetName, bar: float, aim: float) -> dict[str, Headline]:
    there = _is_there(target)
    return {
        f"{target}_pointing": Headline(
            f"{target.capitalize()}s: pointing game", over_scores(there, lambda s: float(s.rank(False) == 0)), bar, aim
        ),
        f"{target}_pointing_prior": Headline(
            f"{target.capitalize()}s: pointing at the road ahead, unseen",
            over_scores(there, lambda s: float(s.match is not None and s.match.prior_hit)),
        ),
    }


HEADLINES: Mapping[str, Headline] = MappingProxyType(
    {
        **_of_masks("object", 0.30, 0.45),
        **_pointing("object", 0.50, 0.65),
        **_of_masks("region", None, None),
        **_pointing("region", 0.60, 0.70),
        "region_on_road": Headline(
            "Regions: share of an answer on the road",
            over_scores(lambda s: s.found and s.road_share is not None, lambda s: s.road_share or 0.0),
        ),
        "region_clear_of_object": Headline(
            "Regions: share off the thing named",
            over_scores(lambda s: s.found and s.clear_share is not None, lambda s: s.clear_share or 0.0),
        ),
        "region_entirely_clear": Headline(
            "Regions: answers entirely off it",
            over_scores(
                lambda s: s.found and s.clear_share is not None,
                lambda s: float(s.clear_share is not None and s.clear_share >= ENTIRELY_CLEAR),
            ),
        ),
        "region_on_side": Headline(
            "Regions: answers on the side asked for",
            over_scores(lambda s: s.found and s.on_side is not None, lambda s: float(bool(s.on_side))),
        ),
        "negatives_rejected": Headline(
            "False sentences rejected", over_scores(lambda s: not s.exists, lambda s: float(not s.found)), 0.75, 0.80
        ),
        "positives_kept": Headline(
            "True sentences kept", over_scores(lambda s: s.exists, lambda s: float(s.found)), 0.85, 0.90
        ),
        "existence_roc_auc": Headline("Existence: ROC AUC", _roc_auc),
        "existence_brier": Headline(
            "Existence: Brier score (less is better)",
            over_scores(lambda s: True, lambda s: (s.existence - s.exists) ** 2),
            less_is_better=True,
        ),
        "mean_rejection_rate": Headline("mRR, per object", _robust(lambda sample: sample.rejection_rate)),
        "robust_iou": Headline("rIoU, per object", _robust(lambda sample: sample.robust_iou)),
        "auto_target_agrees": Headline(
            "Target guessed rightly from the words",
            over_scores(lambda s: True, lambda s: float(s.auto_target == s.target)),
        ),
        "semantic_mean_iou": Headline("Semantic check by words: mean IoU", _semantic, 0.55, 0.65),
    }
)
"""Name in ``metrics.json`` -> figure."""
