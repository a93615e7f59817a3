"""Run a model over labelled images and score its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ris_ros.data.classes import CLASSES, VOID
from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.evaluation.metrics import ClassOverlaps
from ris_ros.evaluation.pictures import Extremes
from ris_ros.evaluation.score import Score, Wording, score
from ris_ros.pipeline.perceive import Perceiver, View
from ris_ros.types import Command, Frame, Grounding, Target

# How each class is asked for in the semantic check.
CLASS_WORDS: dict[str, str] = {
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
_COMMANDS_AT_ONCE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything that a run over a source yields.

    Attributes:
        scores: One per sentence.
        classes: Per-class overlaps of the semantic check by words.
        extremes: The best and the worst answers.
        image_count: Images looked at.
    """

    scores: tuple[Score, ...]
    classes: ClassOverlaps
    extremes: Extremes
    image_count: int


def evaluate(
    perceiver: Perceiver,
    images: Sequence[LabeledImage],
    count_per_image: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    most_images: int | None = None,
) -> Evaluation:
    """Ask a model written sentences about every image, half of them in held-out wording, and the semantic check.

    Args:
        perceiver: The model.
        images: What to ask about.
        count_per_image: Sentences per image.
        seed: The same seed asks the same.
        progress: Called with (images done, images in all).
        most_images: Ask about so many at most, evenly spread.

    Raises:
        BackendError: The model fails.
    """
    scores: list[Score] = []
    classes, extremes = ClassOverlaps(), Extremes()
    count = len(images) if most_images is None else min(most_images, len(images))
    for done, index in enumerate(np.linspace(0, len(images) - 1, count).round().astype(int).tolist(), start=1):
        image = images[index]
        view = perceiver.look([Frame("image", image.image_rgb, 0)])
        asked = list(_sentences(image, np.random.default_rng([seed, index]), count_per_image))
        answers = _ask(perceiver, view, [(e.text, e.target) for _, e in asked])
        for (wording, expression), grounding in zip(asked, answers, strict=True):
            scored = score(index, image.id, wording, expression, grounding, perceiver.thresholds)
            scores.append(scored)
            extremes.add(scored, expression, grounding)
        _check_classes(perceiver, view, image, classes)
        progress(done, count)
    return Evaluation(tuple(scores), classes, extremes, count)


def _sentences(image: LabeledImage, rng: np.random.Generator, count: int) -> Iterator[tuple[Wording, Expression]]:
    for expression in generate(image, rng, (count + 1) // 2, split="train"):
        yield "common", expression
    for expression in generate(image, rng, count // 2, split="heldout"):
        yield "held out", expression


def _ask(perceiver: Perceiver, view: View, texts: Sequence[tuple[str, Target]]) -> Iterator[Grounding]:
    for start in range(0, len(texts), _COMMANDS_AT_ONCE):
        part = texts[start : start + _COMMANDS_AT_ONCE]
        yield from perceiver.answer(view, [Command(str(i), text, target, 0) for i, (text, target) in enumerate(part)])


def _check_classes(perceiver: Perceiver, view: View, image: LabeledImage, classes: ClassOverlaps) -> None:
    """Ask for every class that the source tells apart, there or not; pixels of no class count for nothing."""
    labelled = image.class_map != VOID
    asked = [c for c in CLASSES if c.name in CLASS_WORDS and c.name in image.known_classes]
    answers = _ask(perceiver, view, [(CLASS_WORDS[c.name], Target.OBJECT) for c in asked])
    for street_class, grounding in zip(asked, answers, strict=True):
        classes.add(street_class.name, grounding.object.mask & labelled, image.class_map == street_class.id)
