"""Whether built engines answer as ONNX Runtime does, on real images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ris_ros.config.bundle import ThresholdSettings
from ris_ros.runtime import parity
from ris_ros.runtime.samples import Sample
from ris_ros.runtime.tensorrt.runner import Runner
from ris_ros.types import GroundOutput, TextBatch

Answer = Callable[[Sample], GroundOutput]


def measure_parity(
    runner: Runner, answer: Answer, samples: Sequence[Sample], thresholds: ThresholdSettings
) -> parity.Parity:
    """How far engines stray, image by image, by one command alone, and on several images at once.

    Each of these takes kernels of its own.

    Args:
        runner: The engines.
        answer: What ONNX Runtime says to a sample.
        samples: Single images of the engine's size, all with the same commands.
        thresholds: From which pixels belong to a mask.

    Raises:
        BackendError: Either failed.
    """
    first, text = samples[0].images_rgb, samples[0].text
    together = np.concatenate([sample.images_rgb for sample in samples[: runner.most_images]])
    spread = np.arange(len(text.words), dtype=np.int64) % len(together)
    one_command = TextBatch(text.words[:1], text.word_mask[:1], text.sentence[:1], text.camera_index[:1])
    several = TextBatch(text.words, text.word_mask, text.sentence, spread)
    found = []
    for sample in [*samples, Sample(first, one_command), Sample(together, several)]:
        runner.see(sample.images_rgb)
        answers = runner.ground(len(sample.images_rgb), sample.text)
        found.append(parity.compare(answer(sample), answers, thresholds))
    return parity.worst(found)
