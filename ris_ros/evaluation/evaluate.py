"""Run a model over labelled images and score its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.evaluation.gallery import Gallery
from ris_ros.evaluation.questions import Sentences, questions
from ris_ros.evaluation.results import Results
from ris_ros.evaluation.score import Score, score
from ris_ros.evaluation.semantic import ClassScore, check_classes
from ris_ros.language.utterance import clean
from ris_ros.pipeline.perceive import Perceiver, View
from ris_ros.types import Command, Frame, Grounding, Target

_COMMANDS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask.

    Attributes:
        sentences: See :func:`~ris_ros.evaluation.questions.questions`.
        count_per_image: Written sentences per image.
        seed: The same seed writes the same.
        target: Whether a command states what it is about (``own``) or leaves that to the pipeline (``auto``).
        most_images: Ask about so many at most, evenly spread; None for all.
    """

    sentences: Sentences | None = None
    count_per_image: int = 16
    seed: int = 0
    target: Literal["own", "auto"] = "own"
    most_images: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything that a run over a source yields.

    Attributes:
        results: The scores.
        gallery: The answers worth looking at.
    """

    results: Results
    gallery: Gallery


def evaluate(
    perceiver: Perceiver,
    images: Sequence[LabeledImage],
    plan: Plan,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Ask a model the plan's sentences about every image, and the semantic check.

    Args:
        perceiver: The model.
        images: What to ask about.
        plan: What to ask.
        progress: Called with (images done, images in all).

    Raises:
        BackendError: The model fails.
        CommandError: A sentence of the source cannot be read.
    """
    scores: list[Score] = []
    classes: list[ClassScore] = []
    gallery = Gallery()
    count = len(images) if plan.most_images is None else min(plan.most_images, len(images))
    for done, index in enumerate(np.linspace(0, len(images) - 1, count).round().astype(int).tolist(), start=1):
        image = images[index]
        view = perceiver.look([Frame("image", image.image_rgb, 0)])
        asked = list(questions(image, plan.sentences, np.random.default_rng([plan.seed, index]), plan.count_per_image))
        texts = [(q.expression.text, Target.AUTO if plan.target == "auto" else q.expression.target) for q in asked]
        for question, grounding in zip(asked, _ask(perceiver, view, texts), strict=True):
            scored = score(image, question, grounding, perceiver.thresholds)
            scores.append(scored)
            gallery.add(scored, question, grounding, perceiver.thresholds)
        classes.extend(check_classes(image, partial(_ask, perceiver, view)))
        progress(done, count)
    return Evaluation(Results(tuple(scores), tuple(classes)), gallery)


def _ask(perceiver: Perceiver, view: View, texts: Sequence[tuple[str, Target]]) -> Iterator[Grounding]:
    for start in range(0, len(texts), _COMMANDS_AT_ONCE):
        part = texts[start : start + _COMMANDS_AT_ONCE]
        commands = [Command(str(i), clean(text), target, 0) for i, (text, target) in enumerate(part)]
        yield from perceiver.answer(view, commands)
