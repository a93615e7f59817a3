"""The table of backends: what a request gets, what it is refused with, and what ``auto`` makes of the rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from fake_backend import FakeBackend, one_command

from ris_ros.errors import BackendError, MissingExtraError
from ris_ros.runtime import registry
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.choose import Contest, Measured
from ris_ros.runtime.fallback import FELL_BACK
from ris_ros.runtime.table import BackendEntry, LoadOptions

IMAGE = np.full((1, 64, 96, 3), 5, np.uint8)


class Rows:
    """A table of made-up backends, and what they were asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.table: dict[str, BackendEntry] = {}
        self.asked: list[tuple[str, LoadOptions]] = []
        self.made: dict[str, FakeBackend] = {}
        monkeypatch.setattr(registry, "BACKENDS", self.table)

    def add(self, name: str, module: str = "numpy", fails: Exception | None = None, **row: object) -> None:
        def load(bundle: Bundle, options: LoadOptions) -> Backend:
            self.asked.append((name, options))
            if fails is not None:
                raise fails
            self.made[name] = FakeBackend(name)
            return self.made[name]

        self.table[name] = BackendEntry(module, "", "", load, **row)  # type: ignore[arg-type]

    @property
    def loaded(self) -> list[str]:
        return [name for name, _ in self.asked]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rows:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.setattr(registry, "has_nvidia_gpu", lambda: False)
    return Rows(monkeypatch)


@pytest.fixture
def times_ms(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Decides the contests: what each backend takes."""
    taken: dict[str, float] = {}

    def measure(contest: Contest) -> list[Measured]:
        found = [Measured(name, backend.precision, taken[name]) for name, backend in contest._loaded.items()]
        return sorted(found, key=lambda one: one.ms or 0.0)

    monkeypatch.setattr(Contest, "_measure", measure)
    return taken


def answer(backend: Backend) -> float:
    return float(backend.ground(backend.see(IMAGE), one_command()).existence_logit[0])


@pytest.mark.parametrize("load", [registry.load, registry.load_exact])
def test_requests_that_make_no_sense_are_refused_in_one_sentence(load: Callable[..., Backend]) -> None:
    bundle = tiny_bundle.open_bundle()
    with pytest.raises(BackendError, match=r"use auto, or one of onnx"):
        load("cuda", bundle)
    for threads in (0, 100_000):
        with pytest.raises(BackendError, match="give 1 to 256"):
            load("onnx", bundle, threads=threads)
    with pytest.raises(BackendError, match="Unknown precision 'fp8': use one of auto, fp32"):
        load("onnx", bundle, precision="fp8")


def test_an_exact_backend_needs_a_name() -> None:
    with pytest.raises(BackendError, match="name one of onnx"):
        registry.load_exact("auto", tiny_bundle.open_bundle())


def test_a_library_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    row = BackendEntry("no_such_library", "openvino", "", registry.BACKENDS["onnx"].load)
    monkeypatch.setitem(registry.BACKENDS, "lacking", row)
    with pytest.raises(MissingExtraError, match=r"no_such_library.*\.\[openvino\]"):
        registry.load("lacking", tiny_bundle.open_bundle())


def test_a_precision_that_a_backend_lacks_is_refused_with_who_has_it(rows: Rows) -> None:
    rows.add("onnx")
    rows.add("other", precisions=("fp16", "int8"))
    with pytest.raises(BackendError, match=r"onnx computes in fp32, not in int8: use other, or leave .* at auto"):
        registry.load("onnx", tiny_bundle.open_bundle(), precision="int8")
    with pytest.raises(BackendError, match=r"not in bf16: leave the precision at auto"):
        registry.load("onnx", tiny_bundle.open_bundle(), precision="bf16")
    assert registry.load("other", tiny_bundle.open_bundle(), precision="int8").name == "other"
    (_, options) = rows.asked[-1]
    assert (options.precision, options.tensorrt.precision) == ("int8", "int8")


def test_auto_takes_the_fastest_and_says_why(
    rows: Rows, times_ms: dict[str, float], caplog: pytest.LogCaptureFixture
) -> None:
    rows.add("onnx")
    rows.add("quick")
    rows.add("broken", fails=BackendError("The library is of another age: install it again."))
    times_ms |= {"onnx": 30.0, "quick": 8.0}
    with caplog.at_level("INFO"):
        backend = registry.load("auto", tiny_bundle.open_bundle(), 1)
    assert backend.name == "quick"
    said = backend.notes[registry.CHOICE]
    assert said.startswith("quick fp32 8.0 ms, onnx fp32 30.0 ms, not broken: The library is of another age")
    assert "measured 20" in said and said in caplog.text
    assert rows.made["onnx"].closed and not rows.made["quick"].closed


def test_a_second_start_measures_nothing(rows: Rows, times_ms: dict[str, float]) -> None:
    rows.add("onnx")
    rows.add("quick")
    times_ms |= {"onnx": 30.0, "quick": 8.0}
    bundle = tiny_bundle.open_bundle()
    first = registry.load("auto", bundle)
    rows.asked.clear()
    times_ms.clear()  # a contest would fail
    second = registry.load("auto", bundle)
    assert rows.loaded == ["quick"]
    assert second.notes == first.notes


@pytest.mark.parametrize("change", ["threads", "precision", "row", "gpu", "engine"])
def test_another_situation_is_measured_anew(
    rows: Rows, times_ms: dict[str, float], change: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows.add("onnx")
    rows.add("quick", built="*.made")
    times_ms |= {"onnx": 30.0, "quick": 8.0, "newer": 2.0}
    bundle = tiny_bundle.open_bundle()
    registry.load("auto", bundle, 2)
    rows.asked.clear()
    if change == "row":
        rows.add("newer")
    elif change == "gpu":
        monkeypatch.setattr(registry, "gpu_name", lambda: "another")
    elif change == "engine":
        (tmp_path / "ris_ros" / "quick").mkdir()
        (tmp_path / "ris_ros" / "quick" / "abc.made").touch()
    registry.load("auto", bundle, 3 if change == "threads" else 2, "fp32" if change == "precision" else "auto")
    assert {"onnx", "quick"} <= set(rows.loaded)


def test_where_the_winner_does_not_load_the_others_are_measured_and_it_is_tried_first_the_next_time(
    rows: Rows, times_ms: dict[str, float]
) -> None:
    rows.add("onnx")
    rows.add("quick")
    times_ms |= {"onnx": 30.0, "quick": 8.0}
    bundle = tiny_bundle.open_bundle()
    registry.load("auto", bundle)
    rows.add("quick", fails=RuntimeError("no memory on the GPU"))
    backend = registry.load("auto", bundle)
    assert backend.name == "onnx"
    assert "not quick: RuntimeError: no memory on the GPU" in backend.notes[registry.CHOICE]
    rows.add("quick")
    assert registry.load("auto", bundle).name == "quick"


def test_auto_considers_what_applies_to_this_machine(
    rows: Rows, times_ms: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.add("gpu only", needs_gpu=True)
    rows.add("heavy", chosen_with_gpu=True)
    rows.add("absent", module="no_such_library")
    rows.add("onnx")
    times_ms |= {"gpu only": 1.0, "heavy": 2.0, "onnx": 30.0}
    bundle = tiny_bundle.open_bundle()
    assert registry.load("auto", bundle).name == "onnx"
    assert set(rows.loaded) == {"onnx"}
    monkeypatch.setattr(registry, "has_nvidia_gpu", lambda: True)
    assert registry.load("auto", bundle).name == "gpu only", "a GPU's backend can win"
    assert set(rows.loaded) == {"gpu only", "heavy", "onnx"}


def test_auto_builds_nothing_long_but_a_name_does(rows: Rows, times_ms: dict[str, float]) -> None:
    rows.add("onnx")
    times_ms |= {"onnx": 30.0}
    registry.load("auto", tiny_bundle.open_bundle())
    assert all(options.cancelled() for _, options in rows.asked)
    registry.load("onnx", tiny_bundle.open_bundle())
    assert not rows.asked[-1][1].cancelled()


def test_auto_in_a_precision_takes_only_who_offers_it(rows: Rows, times_ms: dict[str, float]) -> None:
    rows.add("onnx")
    rows.add("small", precisions=("fp32", "int8"))
    rows.add("absent", module="no_such_library", precisions=("bf16",))
    times_ms |= {"small": 50.0}
    backend = registry.load("auto", tiny_bundle.open_bundle(), precision="int8")
    assert backend.name == "small"
    with pytest.raises(BackendError, match=r"computes in bf16 on this machine: install one of absent .* at auto"):
        registry.load("auto", tiny_bundle.open_bundle(), precision="bf16")
    with pytest.raises(BackendError, match=r"None of the backends computes in fp16"):
        registry.load("auto", tiny_bundle.open_bundle(), precision="fp16")


def test_where_nothing_loads_every_reason_is_told(rows: Rows, times_ms: dict[str, float]) -> None:
    rows.add("onnx", fails=BackendError("It is broken."))
    rows.add("other", fails=ImportError("no library"))
    with pytest.raises(BackendError, match=r"onnx: It is broken; other: ImportError: no library\): run `ris doctor`"):
        registry.load("auto", tiny_bundle.open_bundle())


def test_at_run_time_the_order_of_the_measurement_is_followed_and_onnx_is_last(
    rows: Rows, times_ms: dict[str, float]
) -> None:
    for name in ("onnx", "second", "first", "third"):
        rows.add(name)
    times_ms |= {"first": 1.0, "onnx": 2.0, "second": 3.0, "third": 4.0}
    backend = registry.load("auto", tiny_bundle.open_bundle())
    for name in ("first", "second", "third"):
        assert backend.name == name
        rows.made[name].see_fails = RuntimeError("lost")
        assert answer(backend) == 5
    assert backend.name == "onnx"
    assert backend.notes[FELL_BACK].count("lost") == 3


def test_a_named_backend_falls_back_too_in_any_precision(rows: Rows) -> None:
    rows.add("onnx")
    rows.add("named", precisions=("int8",))
    backend = registry.load("named", tiny_bundle.open_bundle(), precision="int8")
    rows.made["named"].ground_fails = RuntimeError("lost")
    assert answer(backend) == 5
    assert backend.name == "onnx"
    assert rows.asked[-1][1].precision == "auto"


def test_a_named_backend_that_cannot_be_loaded_is_an_error_and_no_other(rows: Rows) -> None:
    rows.add("onnx")
    rows.add("named", fails=BackendError("There is no GPU."))
    with pytest.raises(BackendError, match="no GPU"):
        registry.load("named", tiny_bundle.open_bundle())
    assert rows.loaded == ["named"]


def test_an_exact_backend_is_the_bare_one(rows: Rows) -> None:
    rows.add("onnx")
    assert registry.load_exact("onnx", tiny_bundle.open_bundle()) is rows.made["onnx"]


def test_the_real_table_chooses_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))
    with registry.load("auto", tiny_bundle.open_bundle(), 1) as backend:
        assert backend.name in registry.BACKENDS
        assert "onnx" in backend.notes[registry.CHOICE]
