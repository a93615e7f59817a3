"""Engines at work on a fake GPU: what is called, in which order, and what is answered."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import RED, picture

pytest.importorskip("rosbags")
pytest.importorskip("fake_tensorrt", reason="needs the package onnx")

from fake_engines import EXECUTE, Load, images, text
from fake_tensorrt import VERSIONS, Machine

from ris_ros.errors import BackendError, ImageError
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime.tensorrt.execution import SHAPES_KEPT
from ris_ros.types import Command, Frame, Target, TextBatch


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_builds_runs_and_closes(load: Load, version: str, tmp_path: Path) -> None:
    machine = Machine(version)
    with load(machine, precision="auto") as backend:
        answer = backend.ground(backend.see(images(1)), text(2))
        assert (backend.precision, backend.device) == ("fp16", f"cuda, Fake Orin (tensorrt {version})")
        assert "IoU" in backend.notes["parity"]
    red = np.zeros((16, 24), bool)
    red[4:10, 4:10] = True
    assert ((answer.object_logits[0] > 0) == red).all()
    assert machine.alive == {}, "everything was given back"
    older = version == "8.6.1"
    assert ("set FP16" in machine.calls) == ("set PREFER_PRECISION_CONSTRAINTS" in machine.calls) == older
    held = {name for plan in tmp_path.rglob("*.plan") for name in json.loads(plan.read_text())["held"]}
    assert ("scaled" in held) == older, "where types are proposals, what is in single precision is held to it"


def test_buffers_are_made_once_before_anything_runs(load: Load, machine: Machine) -> None:
    with load(machine) as backend:
        first_run = machine.calls.index(EXECUTE)
        for name in ("cudaMalloc", "cudaHostAlloc"):
            assert max(i for i, call in enumerate(machine.calls) if call == name) < first_run
        machine.calls.clear()
        for cameras, commands in ((1, 1), (2, 3), (6, 16), (1, 1)):
            backend.ground(backend.see(images(cameras)), text(commands, cameras))
        assert not {"cudaMalloc", "cudaHostAlloc", "cudaFree"} & set(machine.calls)


def test_a_shape_is_recorded_at_its_second_run_and_replayed_from_then_on(load: Load, machine: Machine) -> None:
    with load(machine) as backend:
        expected = backend.ground(backend.see(images(2)), text(3, 2))
        runs = []
        for _ in range(4):
            machine.calls.clear()
            answer = backend.ground(backend.see(images(2)), text(3, 2))
            np.testing.assert_array_equal(answer.object_logits, expected.object_logits)
            runs.append((machine.count("cudaStreamBeginCapture"), machine.count("cudaGraphLaunch")))
        assert runs == [(2, 2), (0, 2), (0, 2), (0, 2)]
        backend.ground(backend.see(images(2)), text(1))
        machine.calls.clear()
        backend.ground(backend.see(images(2)), text(3, 2))
        assert (machine.count("cudaGraphLaunch"), machine.count(EXECUTE)) == (2, 0), "after another number of commands"


def test_the_latest_shapes_are_kept_and_the_oldest_is_given_back(load: Load, machine: Machine) -> None:
    with load(machine) as backend:
        features = backend.see(images(1))
        for count in range(1, SHAPES_KEPT + 2):
            backend.ground(features, text(count))
            backend.ground(features, text(count))
        assert list(machine.alive.values()).count("recording") == SHAPES_KEPT + 1, "and one of the vision engine"
        machine.calls.clear()
        backend.ground(features, text(SHAPES_KEPT + 1))
        assert machine.count("cudaGraphLaunch") == 1
        backend.ground(features, text(1))
        assert machine.count(EXECUTE) == 1, "the oldest begins again"


def test_what_was_prepared_is_replayed_from_the_first_look(load: Load, machine: Machine) -> None:
    with load(machine) as backend:
        backend.prepare(tiny_bundle.INPUT_SIZE_PX, 2, 3)
        machine.calls.clear()
        backend.ground(backend.see(images(2)), text(3, 2))
        assert (machine.count("cudaGraphLaunch"), machine.count(EXECUTE)) == (2, 0)
        with pytest.raises(BackendError, match="built for 6 cameras, not 7"):
            backend.prepare(tiny_bundle.INPUT_SIZE_PX, 7, 1)
        with pytest.raises(BackendError, match=r"built for \(96, 64\), not for \(64, 64\)"):
            backend.prepare((64, 64), 1, 1)


def test_a_replay_answers_on_the_newest_image(load: Load, machine: Machine) -> None:
    with load(machine) as backend:
        for shown in (images(2)[:1], images(2)[1:], images(2)[:1], images(2)[1:]):
            answer = backend.ground(backend.see(shown), text(1))
            assert (answer.object_logits > 0).any() == bool((shown[0, 20, 20] == RED).all())


def test_features_stay_on_the_device(load: Load, machine: Machine) -> None:
    with load(machine) as backend:
        machine.calls.clear()
        features = backend.see(images(2))  # a shape that has not run, so that nothing is replayed
        assert machine.count("cudaMemcpyAsync") == 1, "the images, up"
        assert all(machine.alive[address] == "device" for address in features.tensors.values())
        backend.ground(features, text(1))
        assert machine.count("cudaMemcpyAsync") == 1 + 4 + 3, "four inputs up, three answers down"


def test_a_gpu_that_refuses_to_record_runs_step_by_step(load: Load, machine: Machine) -> None:
    machine.refuse.add("cudaGraphInstantiate")
    with load(machine) as backend:
        for _ in range(3):
            answer = backend.ground(backend.see(images(1)), text(1))
        assert (answer.object_logits > 0).any()
    assert machine.count("cudaGraphLaunch") == 0
    assert machine.alive == {}


def test_more_commands_than_fit_go_by_turns(load: Load, machine: Machine) -> None:
    with load(machine, commands=2) as backend:
        features = backend.see(images(2))
        many = backend.ground(features, text(5, 2))
        for row in range(5):
            one = TextBatch(*(getattr(text(5, 2), name)[row : row + 1] for name in TextBatch.__slots__))
            alone = backend.ground(features, one)
            np.testing.assert_allclose(many.object_logits[row], alone.object_logits[0], atol=1e-5)


def test_camera_images_are_shrunk_in_the_engine_and_answered_in_their_own_pixels(load: Load, machine: Machine) -> None:
    image = picture((384, 256), (RED, (64, 64, 96, 96)))
    with load(machine, camera_size_px="384x256") as backend:
        assert (backend.fixed_size_px, backend.camera_size_px) == ((96, 64), (384, 256))
        perceiver = Perceiver(backend, tiny_bundle.load_text_encoder(), (96, 64), Thresholds(0.5, 0.5, 0.5))
        assert perceiver.working_size((384, 256)) == (384, 256)
        frames = [Frame("front", image, 0), Frame("rear", image[::2, ::2], 0)]  # the second is enlarged to the first's
        machine.calls.clear()
        answers = perceiver.perceive(frames, [Command("1", "the red car", Target.OBJECT, 0)])
        assert machine.count(EXECUTE) == 2
        with pytest.raises(ImageError, match="aspect"):
            perceiver.perceive([Frame("odd", image[:, :256], 0)], [Command("1", "the red car", Target.OBJECT, 0)])
        backend.prepare((96, 64), 1, 1)
    for answer, scale in zip(answers, (1, 2), strict=True):
        expected = np.zeros((256 // scale, 384 // scale), bool)
        expected[64 // scale : 160 // scale, 64 // scale : 160 // scale] = True
        assert answer.found and (answer.object.mask != expected).mean() < 0.005


def test_misuse_is_refused_in_words(load: Load, machine: Machine) -> None:
    backend = load(machine, cameras=2)
    with pytest.raises(BackendError, match="built for 2 cameras, not 3"):
        backend.see(images(3))
    first = backend.see(images(1))
    backend.see(images(1))
    with pytest.raises(BackendError, match="overwritten by a later look"):
        backend.ground(first, text(1))
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            backend.see(images(1))
        except BackendError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "belongs to the thread" in str(caught[0])
    backend.close()
    backend.close()


def test_a_dla_takes_one_number_of_images_and_only_what_it_can(load: Load, machine: Machine) -> None:
    with load(machine, precision="fp16", dla=1, cameras=3) as backend:
        answer = backend.ground(backend.see(images(2)), text(2, 2))
        assert len(answer.existence_logit) == 2
    assert "set GPU_FALLBACK" in machine.calls and "Runtime.DLA_core=" in machine.calls
    with pytest.raises(BackendError, match="fp16 here, not in int8"):
        load(machine, precision="int8", dla=0)
    with pytest.raises(BackendError, match=r"10\.7 was the last"):
        load(Machine("10.13.3.9"), precision="fp16", dla=0)
    with pytest.raises(BackendError, match="no DLA core 5"):
        load(machine, precision="fp16", dla=5)
