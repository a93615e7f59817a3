"""Sentences for one labelled image: the entry point of the grammar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.manoeuvres import REGION_KINDS, region_expression
from ris_ros.data.expressions.negatives import NEGATIVE_KINDS, negative_expression
from ris_ros.data.expressions.objects import OBJECT_KINDS, group_expression, stuff_expression, thing_expression
from ris_ros.data.expressions.phrasing import Phrasing, Split, Style
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.labeled_image import LabeledImage

KINDS: tuple[str, ...] = OBJECT_KINDS + REGION_KINDS + NEGATIVE_KINDS

# Share of each sort of sentence; what the scene does not offer leaves its share to the others.
_SORT_WEIGHTS: dict[str, float] = {"thing": 0.39, "group": 0.09, "stuff": 0.08, "region": 0.21, "negative": 0.23}
_REGION_WEIGHTS: dict[str, float] = {
    "park": 8.0, "stop": 6.0, "wait": 5.0, "follow": 6.0, "overtake": 3.0, "pull_over": 2.0,
    "turn": 2.0, "lane_change": 1.2, "straight": 0.8,
}  # fmt: skip
_NEGATIVE_WEIGHTS: dict[str, float] = {
    "absent_class": 1.8, "wrong_class": 2.5, "wrong_colour": 3.5, "wrong_place": 2.5, "wrong_attribute": 2.0,
    "wrong_relation": 1.7, "absent_in_command": 3.0,
}  # fmt: skip
_PLAIN_NEGATIVE_WEIGHTS: dict[str, float] = {"absent_class": 3.0, "wrong_colour": 3.0, "wrong_place": 1.0}
_MOST_FAILURES = 4
_TRIES_PER_MEANING = 8


def generate(
    image: LabeledImage,
    rng: np.random.Generator,
    count: int,
    *,
    split: Split = "train",
    style: Style = "free",
    exclude_kinds: Collection[str] = (),
) -> list[Expression]:
    """Write sentences that are true of the image, or provably false of it.

    Sides are those of the picture as it stands, so augment first and generate after.

    Args:
        image: What is known of the picture.
        rng: Source of chance; the same state gives the same sentences.
        count: How many are wanted; a scene that offers little may give fewer.
        split: ``"train"`` never uses held-out phrasing, each sentence of ``"heldout"`` uses at least one held-out
            word or frame, ``"all"`` mixes both.
        style: ``"plain"`` keeps to one template for each meaning (class, colour and class, side), for comparison.
        exclude_kinds: Families of :data:`KINDS` to leave out.

    Returns:
        Up to ``count`` sentences. The masks of positives are never empty.

    Raises:
        ValueError: ``exclude_kinds`` names an unknown family.
    """
    unknown = set(exclude_kinds) - set(KINDS)
    if unknown:
        raise ValueError(f"unknown kinds: {', '.join(sorted(unknown))}")
    scene = Scene(image)
    view = GroundView.estimate(scene)
    made: list[Expression] = []
    seen: set[str] = set()
    weights = _Weights.without(frozenset(exclude_kinds), style)
    sorts = dict(weights.sorts)
    failures: Counter[str] = Counter()
    while sorts and len(made) < count:
        sort = _draw(rng, sorts)
        make = _maker(scene, view, rng, weights, sort)
        for _ in range(_TRIES_PER_MEANING):
            phrasing = Phrasing(rng, split, plain=style == "plain")
            expression = make(phrasing)
            if expression is None or expression.kind in exclude_kinds or expression.text in seen:
                continue
            if split == "heldout" and not phrasing.used_held_out:
                continue
            seen.add(expression.text)
            made.append(expression)
            break
        else:
            failures[sort] += 1
            if failures[sort] == _MOST_FAILURES:
                # The scene offers nothing, or nothing more, of this sort.
                del sorts[sort]
    return made


@dataclass(frozen=True, slots=True)
class _Weights:
    """How often each sort, each manoeuvre and each kind of negative is drawn."""

    sorts: dict[str, float]
    regions: dict[str, float]
    negatives: dict[str, float]

    @classmethod
    def without(cls, excluded: frozenset[str], style: Style) -> _Weights:
        """The usual weights, without kinds that are not wanted and sorts of which nothing is left."""
        negatives = _PLAIN_NEGATIVE_WEIGHTS if style == "plain" else _NEGATIVE_WEIGHTS
        regions, negatives = (
            {kind: weight for kind, weight in weights.items() if kind not in excluded}
            for weights in (_REGION_WEIGHTS, negatives)
        )
        left = {
            "thing": any(kind not in excluded and not kind.startswith(("group", "stuff")) for kind in OBJECT_KINDS),
            "group": any(kind not in excluded and kind.startswith("group") for kind in OBJECT_KINDS),
            "stuff": any(kind not in excluded and kind.startswith("stuff") for kind in OBJECT_KINDS),
            "region": bool(regions),
            "negative": bool(negatives),
        }
        return cls({sort: weight for sort, weight in _SORT_WEIGHTS.items() if left[sort]}, regions, negatives)


def _maker(
    scene: Scene, view: GroundView | None, rng: np.random.Generator, weights: _Weights, sort: str
) -> Callable[[Phrasing], Expression | None]:
    """What to write about is drawn before it is known to work, so that the easy kinds do not crowd out the others."""
    if sort == "region":
        region_kind = _draw(rng, weights.regions)
        return lambda phrasing: region_expression(scene, phrasing, view, region_kind)
    if sort == "negative":
        # Whole kinds are out of the question where a source tells no colours or clothes; the share stays the same.
        return lambda phrasing: negative_expression(scene, phrasing, _draw(rng, weights.negatives))
    plain = {"thing": thing_expression, "group": group_expression, "stuff": stuff_expression}[sort]
    return lambda phrasing: plain(scene, phrasing)


def _draw(rng: np.random.Generator, weights: dict[str, float]) -> str:
    names = list(weights)
    edges = np.cumsum(list(weights.values()))
    return names[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]
