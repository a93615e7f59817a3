from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from still import STILL
from tiny_network import TINY
from torch.utils.data import Dataset
from toy_images import ToyEncoder, toy_image, toy_sentences

from ris_ros.config.strict import parse_settings
from ris_ros.config.training import TrainingSettings
from ris_ros.errors import ConfigError, DataError
from ris_ros.training.augment import Variation
from ris_ros.training.checkpoint import read_checkpoint
from ris_ros.training.samples import Batch, Mixture, ReferringSamples
from ris_ros.training.schedule import learning_rate_factor
from ris_ros.training.team import Team, TeamOrder
from ris_ros.training.text import TextMemo
from ris_ros.training.trainer import Trainer
from ris_ros.training.validation import ValidationSet

PICTURES = [toy_image(seed) for seed in range(4)]


def settings(**changes: object) -> TrainingSettings:
    values = {
        "network": TINY,
        "steps": 6,
        "images_per_step": 2,
        "sentences_per_image": 4,
        "precision": "fp32",
        "workers": 0,
        "threads": 1,
        "log_every": 2,
        **changes,
    }
    return parse_settings(TrainingSettings, values, "test")


def samples(chosen: TrainingSettings, variation: Variation | None = None) -> ReferringSamples:
    return ReferringSamples(
        Mixture([PICTURES], [1.0]),
        toy_sentences,
        chosen.sentences_per_image,
        chosen.network.input_size_px,
        variation or Variation(**chosen.augment.model_dump()),
        chosen.seed,
        chosen.steps * chosen.images_per_step,
    )


def memo() -> TextMemo:
    return TextMemo(ToyEncoder(), 100)


class Interrupted(Exception):
    """Stands for a power cut."""


class Halting(Dataset[Batch]):
    """Samples that break off before one of them."""

    def __init__(self, samples: ReferringSamples, at: int) -> None:
        self._samples = samples
        self._at = at

    def __getitem__(self, index: int) -> Batch:
        if index >= self._at:
            raise Interrupted
        return self._samples[index]


def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = settings()
    straight = Trainer(whole, memo(), tmp_path / "straight")
    straight.run(samples(whole))

    halted = Trainer(whole, memo(), tmp_path / "halted")
    with pytest.raises(Interrupted):
        halted.run(Halting(samples(whole), at=3 * whole.images_per_step))
    halted.save()
    checkpoint = read_checkpoint(tmp_path / "halted" / "checkpoint")
    assert checkpoint.position.step == 3
    assert checkpoint.settings == whole
    resumed = Trainer(checkpoint.settings, memo(), tmp_path / "halted", checkpoint=checkpoint)
    resumed.run(samples(whole))

    assert resumed.position.step == straight.position.step == 6
    assert resumed.position.sentences == straight.position.sentences == 48
    for ours, theirs in ((resumed.network, straight.network), (resumed.average.network, straight.average.network)):
        for name, tensor in theirs.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], tensor, rtol=0, atol=0, msg=name)


def test_it_learns_a_handful_of_images(tmp_path: Path) -> None:
    chosen = settings(steps=100, images_per_step=4, learning_rate=0.01, average_decay=0.5, log_every=25)
    trainer = Trainer(chosen, memo(), tmp_path)
    trainer.run(samples(chosen, STILL))
    validation = ValidationSet(PICTURES, toy_sentences, memo(), 4, 4, chosen.network.input_size_px)
    found = validation(trainer.average.network)
    assert found["region_miou"] > 0.8
    assert found["object_pointing"] >= 0.75
    assert found["kept"] == 1.0
    assert found["rejected"] == 1.0
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [25, 50, 75, 100]
    assert lines[-1]["mask"] < 0.5 * lines[0]["mask"]


def test_the_minutes_end_a_run_early(tmp_path: Path) -> None:
    chosen = settings(steps=10_000, log_every=1)
    trainer = Trainer(chosen, memo(), tmp_path, max_minutes=0.01)
    trainer.run(samples(chosen))
    assert 0 < trainer.position.step < 10_000
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["progress"] == 1.0
    for before, after in pairwise([{"progress": 0.0}, *lines]):
        planned = chosen.learning_rate * learning_rate_factor(before["progress"], chosen.warm_up)
        # The progress that is logged is rounded, which near the end of the schedule is much of what is left of it.
        assert after["learning_rate"] == pytest.approx(planned, rel=1e-3, abs=1e-4 * chosen.learning_rate)


def test_a_checkpoint_holds_no_pickle(tmp_path: Path) -> None:
    Trainer(settings(), memo(), tmp_path).save()
    assert {path.suffix for path in (tmp_path / "checkpoint").iterdir()} == {".json", ".safetensors"}


@pytest.mark.parametrize("damage", ["missing", "cut", "format", "settings"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    Trainer(settings(), memo(), tmp_path).save()
    folder = tmp_path / "checkpoint"
    state = json.loads((folder / "state.json").read_text())
    if damage == "missing":
        (folder / "weights.safetensors").unlink()
    elif damage == "cut":
        content = (folder / "weights.safetensors").read_bytes()
        (folder / "weights.safetensors").write_bytes(content[:-9])
    elif damage == "format":
        (folder / "state.json").write_text(json.dumps({**state, "format": 99}))
    else:
        (folder / "state.json").write_text(json.dumps({**state, "settings": {"unheard_of": 1}}))
    with pytest.raises((DataError, ConfigError)):
        read_checkpoint(folder)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    Trainer(settings(), memo(), tmp_path).save()
    other = settings(network={**TINY, "detail_channels": 12})
    with pytest.raises(DataError, match="does not fit"):
        Trainer(other, memo(), tmp_path, checkpoint=read_checkpoint(tmp_path / "checkpoint"))


def test_a_team_shares_each_step_and_together_sees_all() -> None:
    orders = [list(TeamOrder(Team(rank=rank, size=2), first_step=1, steps=3, per_step=4)) for rank in range(2)]
    assert orders == [[4, 5, 8, 9], [6, 7, 10, 11]]


def test_a_step_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="images_per_step"):
        Trainer(settings(images_per_step=3), memo(), tmp_path, team=Team(size=2))
