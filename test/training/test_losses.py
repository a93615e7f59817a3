from __future__ import annotations

import math

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from ris_ros.data.classes import VOID
from ris_ros.training.losses import LossWeights, referring_loss
from ris_ros.training.samples import NO_COLOUR, Batch

WEIGHTS = LossWeights(
    cross_entropy=1.0,
    dice=1.0,
    pointing=1.0,
    coarse=1.0,
    negative=0.5,
    absent=1.0,
    existence=1.0,
    semantic=1.0,
    colour=1.0,
)


def batch(known: float = 1.0, present: float = 1.0, exists: float = 1.0) -> Batch:
    """One image, one sentence, an object of 4x4 cells on 8x8."""
    masks = torch.zeros(1, 2, 8, 8, dtype=torch.uint8)
    masks[0, 0, :4, :4] = 255 if present else 0
    return Batch(
        images=torch.zeros(1, 32, 32, 3, dtype=torch.uint8),
        classes=torch.zeros(1, 8, 8, dtype=torch.uint8),
        colours=torch.full((1, 8, 8), NO_COLOUR, dtype=torch.uint8),
        texts=("it",),
        camera_index=torch.zeros(1, dtype=torch.int64),
        masks=masks,
        known=torch.tensor([[known, 0.0]]),
        present=torch.tensor([[present, 0.0]]),
        exists=torch.tensor([exists]),
        is_region=torch.tensor([False]),
    )


def outputs(object_logits: Tensor) -> dict[str, Tensor]:
    coarse = torch.nn.functional.avg_pool2d(object_logits[:, None], 4)
    return {
        "object_logits": object_logits,
        "region_logits": torch.zeros(1, 8, 8),
        "existence_logit": torch.zeros(1),
        "coarse_logits": torch.cat([coarse, coarse], dim=1),
    }


def losses(object_logits: Tensor, truth: Batch) -> dict[str, float]:
    parts = referring_loss(outputs(object_logits), torch.zeros(1, 17, 8, 8), torch.zeros(1, 14, 8, 8), truth, WEIGHTS)
    return {name: float(value) for name, value in parts.items()}


RIGHT = torch.where(batch().masks[:, 0] > 0, 20.0, -20.0)


def test_the_truth_costs_nothing_and_its_opposite_much() -> None:
    right, wrong = losses(RIGHT, batch()), losses(-RIGHT, batch())
    for name in ("mask", "dice", "pointing"):
        assert right[name] == pytest.approx(0.0, abs=1e-3)
        assert wrong[name] > 0.9


def test_an_even_map_points_by_chance() -> None:
    assert losses(torch.zeros(1, 8, 8), batch())["pointing"] == pytest.approx(math.log(4), abs=1e-3)


def test_pointing_weighs_small_and_large_alike() -> None:
    """Missing a single cell by as much costs as missing many, which is not so of the cross entropy."""
    small = batch()
    small.masks[:] = 0
    small.masks[0, 0, 0, 0] = 255
    missed_small = torch.full((1, 8, 8), 0.0)
    missed_small[0, 0, 0] = -20.0
    missed_large = torch.where(batch().masks[:, 0] > 0, -20.0, 0.0)
    assert losses(missed_small, small)["pointing"] == pytest.approx(losses(missed_large, batch())["pointing"], rel=0.1)
    assert losses(missed_small, small)["mask"] < 0.5 * losses(missed_large, batch())["mask"]


def test_a_small_mask_of_something_absent_costs_as_if_it_were_large() -> None:
    absent = batch(present=0.0, exists=0.0)
    quiet = torch.full((1, 8, 8), -20.0)
    small, large = quiet.clone(), quiet.clone()
    small[0, :4] = 4.0
    large[0, :8] = 4.0
    assert losses(small, absent)["absent"] == pytest.approx(losses(large, absent)["absent"], rel=1e-4)
    assert losses(small, absent)["absent"] > 2.0 > losses(quiet, absent)["absent"]
    assert losses(small, batch())["absent"] == 0.0


def test_an_unknown_mask_costs_nothing() -> None:
    found = losses(-RIGHT, batch(known=0.0, present=0.0))
    assert found["mask"] == found["dice"] == found["pointing"] == found["coarse"] == 0.0


def test_an_empty_mask_has_only_cross_entropy() -> None:
    found = losses(RIGHT, batch(present=0.0, exists=0.0))
    assert found["mask"] > 1.0
    assert found["dice"] == found["pointing"] == 0.0


def test_an_empty_mask_weighs_less_beside_a_full_one() -> None:
    both = Batch.join([batch(), batch(present=0.0, exists=0.0)])
    twice = {name: torch.cat([value, value]) for name, value in outputs(RIGHT).items()}
    found = referring_loss(twice, torch.zeros(2, 17, 8, 8), torch.zeros(2, 14, 8, 8), both, WEIGHTS)
    # A quarter of the cells is wrong by 20 in the mask that ought to be empty; none is in the other.
    assert float(found["mask"]) == pytest.approx(5.0 * 0.5 / 1.5, rel=1e-3)


def test_void_is_left_out_of_the_classes() -> None:
    truth = batch()
    truth.classes[:] = 3
    truth.classes[0, :4] = VOID
    logits = torch.zeros(1, 17, 8, 8)
    logits[0, 3, 4:] = 20.0
    parts = referring_loss(outputs(RIGHT), logits, torch.zeros(1, 14, 8, 8), truth, WEIGHTS)
    assert float(parts["semantic"]) == pytest.approx(0.0, abs=1e-3)


def test_colours_count_only_where_they_are_known() -> None:
    truth = batch()
    assert losses(RIGHT, truth)["colour"] == 0.0
    truth.colours[0, 0, 0] = 2
    assert losses(RIGHT, truth)["colour"] == pytest.approx(math.log(14), rel=1e-3)
