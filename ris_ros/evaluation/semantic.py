"""The semantic check by words: every class asked for by its name on every image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import CLASSES, VOID
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.resampling import Statistic, divide
from ris_ros.types import Grounding, Target

CLASS_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "sky": "the sky",
        "building": "the buildings",
        "pole": "all the poles",
        "road": "the road",
        "sidewalk": "the pavement",
        "tree": "the trees",
        "sign": "all the signs",
        "fence": "the fence",
        "car": "all the cars",
        "pedestrian": "all the pedestrians",
        "bicyclist": "all the cyclists",
        "van": "all the vans",
        "truck": "all the trucks",
        "bus": "all the buses",
        "cone": "all the traffic cones",
        "traffic light": "all the traffic lights",
    }
)
"""How each class is asked for."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The answer to one class on one image.

    Attributes:
        image_id: The image.
        class_name: The class.
        overlap: Of the answer with the class's pixels, pixels of no class left out.
    """

    image_id: str
    class_name: str
    overlap: Overlap


def check_classes(
    image: LabeledImage, ask: Callable[[Sequence[tuple[str, Target]]], Iterator[Grounding]]
) -> Iterator[ClassScore]:
    """Ask for every class that the source tells apart, there or not.

    Args:
        image: What to ask about.
        ask: Gives the answers to (text, target) pairs in order.
    """
    labelled = image.class_map != VOID
    asked = [c for c in CLASSES if c.name in CLASS_WORDS and c.name in image.known_classes]
    answers = ask([(CLASS_WORDS[c.name], Target.OBJECT) for c in asked])
    for street_class, grounding in zip(asked, answers, strict=True):
        overlap = Overlap.of(grounding.object.mask & labelled, image.class_map == street_class.id)
        yield ClassScore(image.id, street_class.name, overlap)


def class_ious(scores: Sequence[ClassScore]) -> dict[str, float]:
    """IoU of each class, its pixels pooled over all images; classes never seen nor predicted are left out."""
    pooled: dict[str, tuple[int, int]] = {}
    for scored in scores:
        above, below = pooled.get(scored.class_name, (0, 0))
        pooled[scored.class_name] = above + scored.overlap.intersection_px, below + scored.overlap.union_px
    return {name: above / below for name, (above, below) in pooled.items() if below}


def common_classes(scores: Sequence[ClassScore]) -> list[str]:
    """The classes that were asked for on every image: a source that tells some apart on some images only (vans, where
    somebody noted them) is judged by those that it always does."""
    images = {scored.image_id for scored in scores}
    asked = Counter(scored.class_name for scored in scores)
    return sorted(name for name, count in asked.items() if count == len(images))


def mean_class_iou(scores: Sequence[ClassScore], units: NDArray[np.int64], unit_count: int) -> Statistic:
    """The mean of :func:`class_ious` over the :func:`common_classes`.

    Args:
        scores: N of them.
        units: int64 [N], the unit of each one's image.
        unit_count: Units in all.
    """
    column = {name: index for index, name in enumerate(common_classes(scores))}
    above, below = np.zeros((unit_count, len(column))), np.zeros((unit_count, len(column)))
    for unit, scored in zip(units, scores, strict=True):
        if scored.class_name in column:
            above[unit, column[scored.class_name]] += scored.overlap.intersection_px
            below[unit, column[scored.class_name]] += scored.overlap.union_px

    def statistic(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        ious = divide(draws @ above, draws @ below)
        known = np.isfinite(ious)
        return divide(np.where(known, ious, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))

    return statistic
