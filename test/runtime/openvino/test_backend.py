from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil
import pytest
import tiny_bundle
from numpy.typing import NDArray

pytest.importorskip("openvino")

from ris_ros.config.backend import Precision
from ris_ros.errors import BackendError, MissingExtraError, MisuseError
from ris_ros.runtime.bundle import Bundle, default_path, write_bundle
from ris_ros.runtime.openvino import quantise
from ris_ros.runtime.openvino.backend import MOST_MODELS, OpenVinoBackend
from ris_ros.runtime.openvino.cache import ModelCache
from ris_ros.runtime.openvino.compiler import read_graph
from ris_ros.runtime.openvino.library import Library
from ris_ros.runtime.parity import Parity, probability
from ris_ros.types import GroundOutput, TextBatch

SIZE_PX = (256, 192)
PRECISIONS: list[Precision] = ["fp32", "bf16"]


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return Bundle.open(default_path())


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ris_ros" / "openvino"


def images(count: int, size_px: tuple[int, int] = SIZE_PX) -> NDArray[np.uint8]:
    """Coarse coloured noise: shapes that the network has opinions on."""
    width, height = size_px
    blocks = np.random.default_rng(0).integers(0, 256, (count, height // 32, width // 32, 3), np.uint8)
    return blocks.repeat(32, 1).repeat(32, 2)


def text(bundle: Bundle, cameras: list[int]) -> TextBatch:
    rng = np.random.default_rng(1)
    count, settings = len(cameras), bundle.settings.text
    words = rng.standard_normal((count, settings.max_tokens, settings.width)).astype(np.float32) * 0.3
    mask = (np.arange(settings.max_tokens) < rng.integers(3, 12, (count, 1))).astype(np.float32)
    sentence = rng.standard_normal((count, settings.width)).astype(np.float32)
    sentence /= np.linalg.norm(sentence, axis=1, keepdims=True)
    return TextBatch(words * mask[:, :, None], mask, sentence, np.array(cameras, np.int64))


def rows(text: TextBatch, *which: int, camera: int | None = None) -> TextBatch:
    index = list(which)
    cameras = text.camera_index[index] if camera is None else np.full(len(index), camera, np.int64)
    return TextBatch(text.words[index], text.word_mask[index], text.sentence[index], cameras)


def furthest(one: GroundOutput, other: GroundOutput) -> float:
    """Largest difference of any probability."""
    names = ("object_logits", "region_logits", "existence_logit")
    return max(np.abs(probability(getattr(one, n)) - probability(getattr(other, n))).max() for n in names)


def row(output: GroundOutput, number: int) -> GroundOutput:
    part = slice(number, number + 1)
    return GroundOutput(output.object_logits[part], output.region_logits[part], output.existence_logit[part])


def skip_without(precision: Precision) -> None:
    if precision == "bf16" and not Library().has_bf16:
        pytest.skip("this CPU does not compute in bf16")


@pytest.mark.parametrize(("precision", "limit"), [("fp32", 1e-6), ("bf16", 2e-2)])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_answer_does_not_depend_on_what_is_asked_beside_it(
    shipped: Bundle, precision: Precision, limit: float, threads: int
) -> None:
    skip_without(precision)
    pictures, asked = images(3), text(shipped, [0, 2, 0, 1, 2, 0, 2, 2])
    with OpenVinoBackend(shipped, threads, precision) as backend:
        together = backend.ground(backend.see(pictures), asked)
        for camera in range(3):
            features = backend.see(pictures[camera : camera + 1])
            for number in np.flatnonzero(asked.camera_index == camera):
                alone = backend.ground(features, rows(asked, number, camera=0))
                assert furthest(row(together, number), alone) <= limit


def counts(backend: OpenVinoBackend) -> str:
    return backend.notes["models"]


def test_after_preparing_no_number_of_images_or_commands_compiles_anything(shipped: Bundle) -> None:
    with OpenVinoBackend(shipped, 2) as backend:
        backend.prepare(SIZE_PX, cameras=6, commands=16)
        prepared = counts(backend)
        for cameras in (1, 2, 6, 3):
            features = backend.see(images(cameras))
            for commands in (1, 2, 3, 16, 5):
                backend.ground(features, text(shipped, [number % cameras for number in range(commands)]))
        assert counts(backend) == prepared


def test_one_image_and_one_command_are_prepared_for_alone(shipped: Bundle) -> None:
    with OpenVinoBackend(shipped, 2) as backend:
        backend.prepare(SIZE_PX, cameras=1, commands=1)
        assert counts(backend).startswith("2 held")
        prepared = counts(backend)
        backend.ground(backend.see(images(1)), text(shipped, [0]))
        assert counts(backend) == prepared


def test_models_that_are_held_have_an_end_and_sizes_may_come_back(shipped: Bundle) -> None:
    sizes = [(64, 64), (96, 64), (64, 96), (128, 64), (64, 64)]
    with OpenVinoBackend(shipped, 2, "fp32") as backend:
        answers = []
        for size_px in sizes:
            asked = text(shipped, [0])
            answers.append(backend.ground(backend.see(images(1, size_px)), asked))
            assert answers[-1].object_logits.shape == (1, size_px[1] // 4, size_px[0] // 4)
        assert counts(backend).startswith(f"{MOST_MODELS} held")
        assert furthest(answers[0], answers[-1]) == 0.0


def test_a_warm_start_compiles_nothing_and_answers_the_same(shipped: Bundle, own_cache: Path) -> None:
    answers = []
    for compiled, loaded in ((2, 0), (0, 2)):
        with OpenVinoBackend(shipped, 2) as backend:
            answers.append(backend.ground(backend.see(images(1)), text(shipped, [0])))
            assert counts(backend) == f"2 held, {compiled} compiled, {loaded} from the cache"
            assert backend.notes["cache"] == str(own_cache)
    assert furthest(*answers) == 0.0


def test_a_kept_model_that_openvino_refuses_is_compiled_again(
    shipped: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ris_ros.runtime.openvino.compiler.ModelCache.load", lambda self, key: b"of another age")
    with OpenVinoBackend(shipped, 1) as backend:
        backend.see(images(1))
        assert counts(backend) == "1 held, 1 compiled, 0 from the cache"
    assert "compiled again" in caplog.text


def test_a_cache_that_cannot_be_used_is_told_and_costs_no_answer(shipped: Bundle, own_cache: Path) -> None:
    own_cache.parent.mkdir(parents=True)
    own_cache.write_bytes(b"")
    with OpenVinoBackend(shipped, 1) as backend:
        backend.see(images(1))
        assert "is not a folder" in backend.notes["cache"]


def test_a_bundle_of_one_size_takes_no_other(tmp_path: Path) -> None:
    tiny = tiny_bundle.open_bundle()
    settings = tiny.settings.model_dump() | {"any_size": False}
    files = {name: tiny.read(name) for name in settings.pop("files")}
    with OpenVinoBackend(write_bundle(tmp_path / "fixed", settings, files), 1) as backend:
        assert backend.fixed_size_px == tiny_bundle.INPUT_SIZE_PX
        backend.prepare(tiny_bundle.INPUT_SIZE_PX, 1, 1)
        with pytest.raises(MisuseError, match="letterbox"):
            backend.see(images(1, (128, 64)))


def test_features_of_an_earlier_look_are_refused(shipped: Bundle) -> None:
    with OpenVinoBackend(shipped, 1) as backend:
        earlier = backend.see(images(1))
        backend.see(images(1))
        with pytest.raises(MisuseError, match="later look"):
            backend.ground(earlier, text(shipped, [0]))


def test_images_that_may_not_be_written_are_read(shipped: Bundle) -> None:
    pictures = images(2)
    pictures.flags.writeable = False
    with OpenVinoBackend(shipped, 1) as backend:
        assert backend.see(pictures[:, ::-1]).camera_count == 2
        assert backend.see(pictures).camera_count == 2


def test_an_engine_that_fails_is_a_sentence(shipped: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(jobs: object, at_once: int) -> Iterator[None]:
        raise RuntimeError("Exception from cpu.cpp:1:\nout of memory")

    with OpenVinoBackend(shipped, 1) as backend:
        monkeypatch.setattr("ris_ros.runtime.openvino.backend.run", fail)
        with pytest.raises(BackendError, match=r"vision engine of OpenVINO failed \(out of memory\): use the backend"):
            backend.see(images(1))


def test_precision_is_what_the_compiled_graph_computes_in(shipped: Bundle) -> None:
    for precision in PRECISIONS:
        skip_without(precision)
        with OpenVinoBackend(shipped, 1, precision) as backend:
            assert backend.precision == precision
            backend.see(images(1))
            assert backend.precision == precision


def test_bf16_on_a_cpu_without_it_is_refused(shipped: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "has_bf16", False)
    with pytest.raises(BackendError, match="take fp32"):
        OpenVinoBackend(shipped, 1, "bf16")
    with OpenVinoBackend(shipped, 1) as backend:
        assert backend.precision == "fp32"


def test_int8_without_nncf_names_its_extra(shipped: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(quantise.importlib.metadata, "version", missing)
    with pytest.raises(MissingExtraError, match=r"nncf.*openvino-int8"):
        OpenVinoBackend(shipped, 1, "int8")


def test_quantising_is_done_once_says_nothing_on_standard_output_and_serves_any_size(
    shipped: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nncf")
    pytest.importorskip("rosbags")
    with OpenVinoBackend(shipped, 2, "int8") as backend:
        first = backend.ground(backend.see(images(1)), text(shipped, [0]))
        assert backend.precision == "int8"
        assert backend.ground(backend.see(images(1, (128, 64))), text(shipped, [0])).object_logits.shape == (1, 16, 32)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(quantise, "_quantise", None)
    with OpenVinoBackend(shipped, 2, "int8") as backend:
        assert furthest(backend.ground(backend.see(images(1)), text(shipped, [0])), first) == 0.0


def test_a_kept_parity_is_held_to_the_limits_of_the_day(shipped: Bundle, own_cache: Path) -> None:
    cache = ModelCache(own_cache)
    with OpenVinoBackend(shipped, 1, "fp32") as backend:
        graph = read_graph(Library(), shipped, "vision.onnx", None)
        strays = json.dumps(asdict(Parity(0.5, 0.0, 1.0, 1.0, 9, 9))).encode()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cache, "load", lambda key: strays)
            with pytest.raises(BackendError, match="does not answer as ONNX Runtime does"):
                quantise.require_parity(backend, shipped, graph, cache)


def test_memory_stays_where_it_is_with_changing_numbers() -> None:
    bundle, process = tiny_bundle.open_bundle(), psutil.Process()
    numbers = np.random.default_rng(2)

    def work(backend: OpenVinoBackend, times: int) -> int:
        for _ in range(times):
            cameras, commands = (int(number) for number in numbers.integers(1, 7, 2))
            features = backend.see(images(cameras, (96, 64)))
            backend.ground(features, text(bundle, [number % cameras for number in range(commands)]))
        return int(process.memory_info().rss)

    with OpenVinoBackend(bundle, 2) as backend:
        settled = work(backend, 200)
        assert work(backend, 1000) - settled < 4 * 2**20
