"""Stages, curves and comparisons of a whole, tiny model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tiny_bundle

from ris_ros.benchmark.compare import compare
from ris_ros.benchmark.inputs import TEXTS, Pictures, commands, pictures
from ris_ros.benchmark.peers.table import Peer
from ris_ros.benchmark.scaling import measure_scaling
from ris_ros.benchmark.stages import ONE_COMMAND, measure_stages, vision_looks
from ris_ros.benchmark.subject import Subject
from ris_ros.benchmark.timing import Plan
from ris_ros.runtime import registry

SHORT = Plan(runs=4, seconds=0.05, warmup=1)
PICTURE = tiny_bundle.picture((160, 120), (tiny_bundle.RED, (10, 10, 60, 60)))


@pytest.fixture
def subject():
    bundle = tiny_bundle.open_bundle()
    with registry.load_exact("onnx", bundle, 1) as backend:
        shown = Pictures((PICTURE,), "a picture")
        yield Subject(bundle, backend, tiny_bundle.load_text_encoder(), shown, bundle.input_size_px)


def test_every_stage_is_measured(subject):
    told = []
    stages = measure_stages(subject, SHORT, None, told.append)
    assert stages.input_size_px == tiny_bundle.INPUT_SIZE_PX
    assert [name for name in stages.timings if name.startswith("vision,")] == [
        "vision, 1 camera",
        *(f"vision, {count} cameras" for count in range(2, 7)),
    ]
    assert {"ground, 1 command", "ground, 4 commands", "ground, 16 commands", ONE_COMMAND} <= set(stages.timings)
    assert len(told) == len(stages.timings) + len(stages.wholes)
    for whole in stages.wholes:
        assert np.all(sum(whole.stages_ms.values()) <= whole.timing.durations_ms)
        assert {"letterbox", "vision", "ground", "masks"} <= set(whole.stages_ms)
        assert 0.0 < whole.not_model.median < 1.0


def test_six_cameras_share_one_look(subject):
    assert vision_looks(subject) == 1


def test_curves_have_every_point_or_only_their_ends(subject):
    whole = measure_scaling(subject, SHORT, ends_only=False, tell=lambda text: None)
    assert list(whole["cameras"].durations_ms) == list("123456")
    assert list(whole["commands"].durations_ms) == ["1", "2", "4", "8", "16"]
    assert list(whole["sizes"].durations_ms) == ["96x64"]  # the largest that this model takes is the only one
    ends = measure_scaling(subject, SHORT, ends_only=True, tell=lambda text: None)
    assert list(ends["ground"].durations_ms) == ["1", "16"]
    figures = ends["ground"].figures()
    assert figures["points"][0]["times_first"] == 1.0 and figures["rounds"] >= 3


def test_the_shipped_model_is_measured_at_the_size_of_the_bars():
    from ris_ros.runtime.bundle import Bundle, default_path

    bundle = Bundle.open(default_path())
    with registry.load_exact("onnx", bundle, 1) as backend:
        shown = Pictures((PICTURE,), "a picture")
        subject = Subject(bundle, backend, tiny_bundle.load_text_encoder(), shown, bundle.input_size_px)
        assert subject.reference_px == (480, 288)
        assert subject.sizes_px == ((512, 384), (512, 288), (480, 288), (384, 288), (320, 192))
        smaller = dataclasses.replace(subject, largest_px=(384, 288))
        assert smaller.sizes_px == ((384, 288), (320, 192)) and smaller.reference_px == (384, 288)


def test_a_model_against_itself_is_about_as_fast(subject):
    tiny = Peer("tiny", "our own vision graph", tiny_bundle.BUNDLE / "vision.onnx")
    comparison = compare(subject, tiny, 1, Plan(runs=10, seconds=1.0, warmup=2), lambda text: None)
    assert comparison.text_ms is None
    assert comparison.runtime in comparison.tried_ms
    assert comparison.times_faster.low <= comparison.times_faster.median <= comparison.times_faster.high
    assert 0.02 < comparison.times_faster.median < 20.0
    assert comparison.figures()["times_faster"]["rounds"] == 10


def test_pictures_are_the_users_or_the_sample_drives(tmp_path):
    from ris_ros.data.image_file import encode_png

    path = tmp_path / "own.png"
    path.write_bytes(encode_png(PICTURE))
    own = pictures([path])
    np.testing.assert_array_equal(own.images_rgb[0], PICTURE)
    shown = own.sized((64, 48), 3)
    assert [image.shape for image in shown] == [(48, 64, 3)] * 3
    assert len(pictures().images_rgb) >= 1


def test_where_the_sample_drive_cannot_be_read_pictures_are_made_up(monkeypatch):
    monkeypatch.setattr("ris_ros.benchmark.inputs.share_file", lambda name: tiny_bundle.BUNDLE)
    made = pictures()
    assert "made-up" in made.source and len(made.images_rgb) == 6


@pytest.mark.parametrize("count", [0, 17])
def test_there_are_as_many_commands_as_texts(count):
    assert len(commands(16)) == len({command.text for command in commands(16)}) == len(TEXTS)
    with pytest.raises(ValueError):
        commands(count)
