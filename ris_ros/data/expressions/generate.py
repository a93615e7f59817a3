"""Sentences for one labelled image: the entry point of the grammar."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.manoeuvres import REGION_KINDS, region_expression
from ris_ros.data.expressions.negatives import NEGATIVE_KINDS, negative_expression
from ris_ros.data.expressions.objects import OBJECT_KINDS, group_expression, stuff_expression, thing_expression
from ris_ros.data.expressions.phrasing import Phrasing, Split
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.labeled_image import LabeledImage

KINDS: tuple[str, ...] = OBJECT_KINDS + REGION_KINDS + NEGATIVE_KINDS

# Share of each sort of sentence; a sort that the scene does not offer leaves its share to the others.
_SORTS: tuple[tuple[str, float], ...] = (("thing", 0.34), ("group", 0.12), ("stuff", 0.14), ("region", 0.2), ("negative", 0.2))
_REGION_WEIGHTS: dict[str, float] = {
    "park": 5.0, "stop": 5.0, "wait": 3.0, "follow": 3.0, "overtake": 1.5, "pull_over": 3.0, "turn": 2.0, "lane_change": 2.0, "straight": 2.0,
}  # fmt: skip
_NEGATIVE_WEIGHTS: dict[str, float] = {
    "absent_class": 3.0, "wrong_colour": 3.0, "wrong_place": 2.5, "wrong_attribute": 2.0, "wrong_relation": 1.5, "absent_in_command": 3.0,
}  # fmt: skip
_TRIES_PER_SENTENCE = 12


def generate(
    image: LabeledImage, rng: np.random.Generator, count: int, *, split: Split = "train", exclude_kinds: Collection[str] = ()
) -> list[Expression]:
    """Write sentences that are true of the image, or provably false of it.

    Sides are those of the picture as it stands, so augment first and generate after.

    Args:
        image: What is known of the picture.
        rng: Source of chance; the same state gives the same sentences.
        count: How many are wanted; a scene that offers little may give fewer.
        split: ``"train"`` never uses held-out phrasing, each sentence of ``"heldout"`` uses at least one held-out word or
            frame, ``"all"`` mixes both.
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
    makers: dict[str, Callable[[Phrasing], Expression | None]] = {
        "thing": lambda phrasing: thing_expression(scene, phrasing),
        "group": lambda phrasing: group_expression(scene, phrasing),
        "stuff": lambda phrasing: stuff_expression(scene, phrasing),
        "region": lambda phrasing: region_expression(scene, phrasing, view, _draw(rng, _REGION_WEIGHTS)),
        "negative": lambda phrasing: negative_expression(scene, phrasing, _draw(rng, _NEGATIVE_WEIGHTS)),
    }
    made: list[Expression] = []
    seen: set[str] = set()
    for _ in range(count * _TRIES_PER_SENTENCE):
        if len(made) == count:
            break
        maker = makers[_draw(rng, dict(_SORTS))]
        for _ in range(_TRIES_PER_SENTENCE):
            phrasing = Phrasing(rng, split)
            expression = maker(phrasing)
            if expression is None or expression.kind in exclude_kinds or expression.text in seen:
                continue
            if split == "heldout" and not phrasing.used_held_out:
                continue
            seen.add(expression.text)
            made.append(expression)
            break
    return made


def _draw(rng: np.random.Generator, weights: dict[str, float]) -> str:
    names = list(weights)
    edges = np.cumsum(list(weights.values()))
    return names[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]
