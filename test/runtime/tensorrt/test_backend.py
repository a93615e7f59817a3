"""The whole backend on a fake GPU: what is called, in which order, and what becomes of failures."""

from __future__ import annotations

import importlib.util
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import BLUE, RED, picture

pytest.importorskip("rosbags")
fake_tensorrt = pytest.importorskip("fake_tensorrt", reason="needs the package onnx")

from fake_tensorrt import VERSIONS, Machine  # noqa: E402

from ris_ros.config.tensorrt import TensorRtSettings  # noqa: E402
from ris_ros.errors import BackendError, ImageError, MissingExtraError  # noqa: E402
from ris_ros.pipeline.perceive import Perceiver  # noqa: E402
from ris_ros.pipeline.thresholds import Thresholds  # noqa: E402
from ris_ros.runtime.onnx_backend import OnnxBackend  # noqa: E402
from ris_ros.runtime.tensorrt import engines  # noqa: E402
from ris_ros.runtime.tensorrt.backend import TensorRtBackend  # noqa: E402
from ris_ros.runtime.tensorrt.builder import MIB, workspace_bytes  # noqa: E402
from ris_ros.runtime.tensorrt.cache import PLANS, EngineCache  # noqa: E402
from ris_ros.runtime.tensorrt.cuda import Cuda  # noqa: E402
from ris_ros.runtime.tensorrt.engines import Workshop  # noqa: E402
from ris_ros.runtime.tensorrt.execution import SHAPES_KEPT  # noqa: E402
from ris_ros.runtime.tensorrt.library import load_library  # noqa: E402
from ris_ros.runtime.tensorrt.progress import Progress, never  # noqa: E402
from ris_ros.types import Command, Frame, Target, TextBatch  # noqa: E402

EXECUTE = "IExecutionContext.execute_async_v3"
BUILD = "Builder.build_serialized_network"
Load = Callable[..., TensorRtBackend]


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))

    def make(
        machine: Machine,
        cancelled: Callable[[], bool] = never,
        told: list[Progress] | None = None,
        **settings: object,
    ) -> TensorRtBackend:
        report = (lambda progress: None) if told is None else told.append
        cache = EngineCache(tmp_path / "tensorrt")
        library, cuda = load_library(machine.tensorrt), Cuda(machine.cuda_runtime)
        chosen = TensorRtSettings(**{"precision": "fp32", **settings})  # type: ignore[arg-type]
        workshop = Workshop(library, cuda, cache, report, cancelled)
        return TensorRtBackend(tiny_bundle.open_bundle(), chosen, workshop=workshop)

    return make


def images(count: int) -> np.ndarray:
    boxes = [(RED, (16, 16, 24, 24)), (BLUE, (60, 8, 24, 24))]
    return np.stack([picture(tiny_bundle.INPUT_SIZE_PX, boxes[index % 2]) for index in range(count)])


def text(count: int, cameras: int = 1) -> TextBatch:
    features = tiny_bundle.load_text_encoder().encode_many(["the red car", "the blue car"])
    return TextBatch.stack([features[i % 2] for i in range(count)], [i % cameras for i in range(count)])


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


def test_one_camera_and_one_command_have_kernels_of_their_own(load: Load, machine: Machine, tmp_path: Path) -> None:
    load(machine, cameras=4, commands=5).close()
    vision, ground = (json.loads(next(tmp_path.rglob(f"{name}.plan")).read_text())["profiles"] for name in PLANS)
    rows = [[shape[0] for shape in profile["image"]] for profile in vision]
    assert rows == [[1, 1, 1], [2, 4, 4]]
    assert [[shape[0] for shape in profile["words"]] for profile in ground] == [[1, 1, 1], [2, 2, 5]]
    assert all([shape[0] for shape in profile["p4"]] == [1, 1, 4] for profile in ground)
    again = Machine()
    load(again, cameras=1, commands=1).close()
    assert again.count("IBuilderConfig.add_optimization_profile") == 2


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


def test_the_second_start_takes_the_engine_from_the_cache(load: Load, machine: Machine) -> None:
    load(machine).close()
    again = Machine()
    load(again).close()
    assert (machine.count(BUILD), again.count(BUILD)) == (2, 0)
    newer = Machine("10.13.3.9")
    load(newer).close()
    assert newer.count(BUILD) == 2


def test_an_engine_is_built_for_the_size_that_is_asked_for_and_for_no_other(load: Load, machine: Machine) -> None:
    asked = picture((96, 64), (RED, (16, 16, 24, 24)))[None, :32, :64]
    with load(machine, size_px="64x32") as backend:
        assert backend.fixed_size_px == (64, 32)
        answer = backend.ground(backend.see(asked), text(2))
        with pytest.raises(BackendError, match=r"\[C, 32, 64, 3\]"):
            backend.see(images(1))
    with OnnxBackend(tiny_bundle.open_bundle(), threads=1) as reference:
        expected = reference.ground(reference.see(asked), text(2))
    np.testing.assert_allclose(answer.object_logits, expected.object_logits, atol=1e-4)
    load(machine).close()
    assert machine.count(BUILD) == 4, "one size's engine is not another's"


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


@pytest.mark.parametrize("size", ["64x30", "128x64", "96x96", "32x0"])
def test_a_size_that_the_graphs_do_not_take_is_refused_before_anything_is_built(
    load: Load, machine: Machine, size: str
) -> None:
    with pytest.raises((BackendError, ValueError), match=r"96x64|such as 512x288"):
        load(machine, size_px=size)
    assert machine.count(BUILD) == 0


def test_whether_an_engine_is_cached_is_told_without_building(
    load: Load, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, settings = tiny_bundle.open_bundle(), TensorRtSettings(precision="fp32")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert not engines.engine_is_cached(bundle, settings), "without TensorRT, and without a cache"
    load(machine).close()
    shutil.copytree(tmp_path / "tensorrt", tmp_path / "ris_ros" / "tensorrt")
    (tmp_path / "ris_ros" / "tensorrt").chmod(0o700)
    assert not engines.engine_is_cached(bundle, settings), "without TensorRT"
    monkeypatch.setattr(engines, "load_library", lambda: load_library(machine.tensorrt))
    monkeypatch.setattr(engines, "Cuda", lambda: Cuda(machine.cuda_runtime))
    machine.calls.clear()
    assert engines.engine_is_cached(bundle, settings)
    assert not engines.engine_is_cached(bundle, TensorRtSettings(precision="fp32", cameras=2))
    assert not engines.engine_is_cached(bundle, TensorRtSettings(precision="int8", dla=0))
    assert engines.kept_settings(bundle) == [settings]
    machine.refuse.add("cudaGetDeviceCount")
    assert not engines.engine_is_cached(bundle, settings)
    assert engines.kept_settings(bundle) == []
    assert machine.count(BUILD) == 0


def test_an_altered_plan_is_built_again(load: Load, machine: Machine, tmp_path: Path) -> None:
    load(machine).close()
    (plan,) = tmp_path.rglob("vision.plan")
    plan.write_bytes(plan.read_bytes() + b" ")
    again = Machine()
    load(again).close()
    assert again.count(BUILD) == 2


def test_a_plan_that_does_not_load_is_built_again_but_one_without_room_is_not(load: Load, machine: Machine) -> None:
    load(machine).close()
    unreadable = Machine()
    unreadable.refuse.add("Runtime.deserialize_cuda_engine once")
    load(unreadable).close()
    assert unreadable.count(BUILD) == 2
    full = Machine()
    full.refuse.add("cudaMalloc")
    with pytest.raises(BackendError, match="out of memory"):
        load(full)
    assert full.count(BUILD) == 0 and full.alive == {}


def test_progress_is_told_and_cancelling_ends_the_build(load: Load, machine: Machine) -> None:
    told: list[Progress] = []
    load(machine, told=told).close()
    assert {"building vision", "building ground"} <= {one.stage for one in told}
    with pytest.raises(BackendError, match="cancelled"):
        load(machine, lambda: machine.count(BUILD) > 2, cameras=2)
    assert machine.alive == {}


def test_whoever_will_not_wait_is_told_how_to_build(load: Load, machine: Machine) -> None:
    with pytest.raises(BackendError, match="ris build-engine"):
        load(machine, lambda: True)
    assert machine.count(BUILD) == 0


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("OnnxParser.parse", "cannot read the vision graph"),
        ("build", r"cannot build the vision engine \(no kernel fits\)"),
        ("profile", "choose other --cameras"),
        ("Builder", r"cannot start here \(Builder: .*nullptr"),
        ("Runtime", r"cannot start here \(Runtime: .*nullptr"),
        ("cudaMalloc", "CUDA failed .*out of memory"),
        (EXECUTE, "vision engine of TensorRT failed"),
        ("IExecutionContext.set_input_shape", "does not take"),
        ("cudaStreamSynchronize", "CUDA failed"),
        ("cudaGetDeviceCount", "CUDA failed"),
    ],
)
def test_failures_are_sentences_and_leave_nothing_behind(load: Load, machine: Machine, refused: str, said: str) -> None:
    machine.refuse.add(refused)
    with pytest.raises(BackendError, match=said):
        load(machine)
    assert machine.alive == {}


def test_an_error_that_outlives_the_call_says_to_start_again(load: Load, machine: Machine) -> None:
    machine.refuse.add("cudaStreamSynchronize")
    machine.status = 700
    with pytest.raises(BackendError, match="start the program again"):
        load(machine)


def test_a_driver_that_is_too_old_is_told_with_what_to_install(load: Load, machine: Machine) -> None:
    machine.refuse.add("cudaGetDeviceCount")
    machine.status = 35
    with pytest.raises(BackendError, match="cuda-bindings<13"):
        load(machine)


def test_a_damaged_timing_cache_costs_time_only(load: Load, machine: Machine) -> None:
    load(machine, cameras=1).close()
    machine.refuse.add("timing cache")
    load(machine, cameras=2).close()
    assert machine.count(BUILD) == 4


def test_an_engine_that_answers_otherwise_is_refused_and_not_kept(
    load: Load, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_tensorrt._Context._run

    def astray(context: object, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: value * np.float32(0.5) for name, value in run(context, feeds).items()}

    monkeypatch.setattr(fake_tensorrt._Context, "_run", astray)
    with pytest.raises(BackendError, match="does not answer as ONNX Runtime does"):
        load(machine)
    assert not list(tmp_path.rglob("*.plan"))
    assert machine.alive == {}


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


def test_the_workspace_is_bounded_by_what_is_free() -> None:
    assert workspace_bytes(8192 * MIB, None) == 1024 * MIB
    assert workspace_bytes(1024 * MIB, None) == 256 * MIB
    assert workspace_bytes(8192 * MIB, 2048) == 2048 * MIB
    for free, asked in ((300 * MIB, None), (1024 * MIB, 600)):
        with pytest.raises(BackendError, match="stop other programs"):
            workspace_bytes(free, asked)


def test_where_memory_is_shared_what_the_system_can_spare_counts(machine: Machine, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  8000000 kB\nMemAvailable:   1000000 kB\n")
    assert Cuda(machine.cuda_runtime).free_bytes(meminfo) == 1_000_000 * 1024


@pytest.mark.skipif(importlib.util.find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_what_is_not_installed_is_named_with_its_extra() -> None:
    with pytest.raises((MissingExtraError, BackendError), match="tensorrt"):
        load_library()
