from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from ris_ros.config.bundle import ThresholdSettings
from ris_ros.runtime.parity import LIMITS, Limit, Parity, compare, worst
from ris_ros.types import GroundOutput


def output(commands: int = 2) -> GroundOutput:
    """Masks of 80 pixels among 384, and their complements."""
    maps = np.full((commands, 16, 24), -4.0, np.float32)
    maps[:, 4:12, 4:14] = 4.0
    return GroundOutput(maps, -maps, np.zeros(commands, np.float32))


def test_limits_grow_with_coarseness() -> None:
    for finer, coarser in (("fp32", "fp16"), ("fp16", "bf16"), ("bf16", "int8")):
        one, other = LIMITS[finer], LIMITS[coarser]
        assert one.error < other.error and one.existence < other.existence
        assert one.iou > other.iou and one.mean_iou > other.mean_iou


def test_one_pixel_among_thousands_does_not_decide_and_one_mask_among_many_does_by_its_overlap() -> None:
    other = output()
    other.object_logits[0, 4, 4] = -4.0
    found = compare(output(), other)
    assert found.error < 1e-3  # of 1536 pixels
    assert found.iou == pytest.approx(79 / 80)
    assert found.mean_iou == pytest.approx(1 - 1 / 320)
    other.object_logits[0, 4, 4:6] = -4.0
    assert compare(output(), other).error > 0.4


def test_existence_is_judged_by_itself() -> None:
    other = output()
    other.existence_logit[1] = 1.0
    found = compare(output(), other)
    assert found.error == 0.0
    assert found.existence == pytest.approx(1 / (1 + np.exp(-1.0)) - 0.5)
    assert not found.within(LIMITS["int8"])


def test_masks_are_cut_where_the_bundle_cuts_them() -> None:
    other = output()
    other.object_logits[:] = np.where(other.object_logits > 0, 0.0, -4.0)  # a probability of one half
    thresholds = ThresholdSettings(object=0.2, region=0.6, existence=0.5)
    assert compare(output(), other, thresholds).iou == 1.0
    assert compare(output(), other).iou == 0.0


@pytest.mark.parametrize("name", ["object_logits", "region_logits", "existence_logit"])
def test_numbers_that_are_none_are_never_allowed(name: str) -> None:
    other = output()
    getattr(other, name)[...] = np.nan
    assert not compare(output(), other).within(Limit(1.0, 1.0, 0.0, 0.0))


def test_the_worst_of_several_keeps_the_mean_over_all_masks() -> None:
    few, many = Parity(0.1, 0.0, 0.9, 0.9, 1, 4), Parity(0.0, 0.2, 0.8, 1.0, 9, 5)
    assert worst([few, many]) == Parity(0.1, 0.2, 0.8, pytest.approx(0.99), 10, 9)
    assert worst([Parity(0.0, 0.0, 1.0, 1.0, 0, 1)]).mean_iou == 1.0


def test_what_was_measured_survives_being_kept() -> None:
    found = compare(output(), output(2))
    assert Parity.from_json(json.loads(json.dumps(asdict(found)))) == found
