"""Which backend ``auto`` takes: the fastest of those that load and answer rightly."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_bundle
from fake_backend import FakeBackend, one_command

from ris_ros.errors import BackendError
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.choose import Contest, Measured, Question, question
from ris_ros.runtime.fallback import Candidate


class Clock:
    """Moves when a backend works, and in no other way."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Field:
    """Backends that take a stated time, on a made-up clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.backends: dict[str, FakeBackend] = {}

    def candidate(self, name: str, takes_s: float = 0.0, fails: Exception | None = None, **how: object) -> Candidate:
        def work() -> None:
            self.clock.now_s += takes_s

        def load() -> FakeBackend:
            if fails is not None:
                raise fails
            self.backends[name] = FakeBackend(name, works=work, **how)  # type: ignore[arg-type]
            return self.backends[name]

        return Candidate(name, load)

    def run(self, *candidates: Candidate, reference: Candidate | None = None, real: bool = True):
        def ask(bundle: Bundle, size_px: tuple[int, int]) -> Question:
            width, height = size_px
            return Question(np.full((1, height, width, 3), 4, np.uint8), one_command(), real)

        return Contest(tiny_bundle.open_bundle(), (96, 64), ask, self.clock).run(candidates, reference)


@pytest.fixture
def field() -> Field:
    return Field()


def test_the_fastest_wins_and_none_holds_what_it_took_to_measure(field: Field) -> None:
    found = field.run(field.candidate("slow", 0.03), field.candidate("fast", 0.008, precision="bf16"))
    assert all(backend.closed for backend in field.backends.values())
    assert [str(one) for one in found] == ["fast bf16 8.0 ms", "slow fp32 30.0 ms"]


def test_it_takes_about_two_seconds_however_slow_they_are(field: Field) -> None:
    field.run(field.candidate("one", 0.05), field.candidate("two", 0.05))
    assert 1.5 < field.clock.now_s < 2.6
    before_s = field.clock.now_s
    field.run(field.candidate("very slow", 1.0))
    assert field.clock.now_s - before_s < 6.5, "three times after the first looks, whatever they take"


def test_what_cannot_be_loaded_or_fails_is_left_out_with_its_reason(field: Field) -> None:
    found = field.run(
        field.candidate("absent", fails=ImportError("no library")),
        field.candidate("refusing", fails=BackendError("There is no GPU: use onnx.")),
        field.candidate("failing", ground_fails=RuntimeError("out of memory")),
        field.candidate("empty", answer=float("nan")),
        field.candidate("good", 0.02),
    )
    assert found[0].name == "good"
    assert field.backends["failing"].closed and field.backends["empty"].closed
    reasons = {one.name: one.left_out for one in found}
    assert reasons["good"] == ""
    assert reasons["absent"] == "ImportError: no library"
    assert reasons["refusing"] == "There is no GPU: use onnx"
    assert reasons["failing"] == "RuntimeError: out of memory"
    assert "no numbers" in reasons["empty"]
    assert found[0].name == "good" and all(one.ms is None for one in found[1:])


def test_what_strays_from_the_reference_is_left_out_however_fast(field: Field) -> None:
    reference = field.candidate("onnx", 0.02)
    found = field.run(reference, field.candidate("wrong", 0.001, answer=-3.0), reference=reference)
    assert found[0].name == "onnx"
    assert "strays from onnx" in {one.name: one.left_out for one in found}["wrong"]


def test_the_reference_is_asked_even_where_it_does_not_compete(field: Field) -> None:
    reference = field.candidate("onnx")
    found = field.run(
        field.candidate("right", 0.01, precision="int8"),
        field.candidate("wrong", 0.001, answer=-3.0, precision="int8"),
        reference=reference,
    )
    assert found[0].name == "right"
    assert field.backends["onnx"].closed
    assert "onnx" not in [one.name for one in found]


def test_a_made_up_question_measures_but_does_not_judge(field: Field) -> None:
    reference = field.candidate("onnx", 0.02)
    found = field.run(reference, field.candidate("other", 0.01, answer=-3.0), reference=reference, real=False)
    assert found[0].name == "other"


def test_a_reference_that_fails_does_not_keep_the_others_from_competing(field: Field) -> None:
    reference = field.candidate("onnx", see_fails=RuntimeError("broken"))
    found = field.run(reference, field.candidate("other", 0.01), reference=reference)
    assert found[0].name == "other"
    assert found[-1].name == "onnx"


def test_each_is_asked_in_the_size_that_it_takes(field: Field) -> None:
    reference = field.candidate("onnx", 0.02)
    found = field.run(reference, field.candidate("fixed", 0.01, fixed_size_px=(64, 32)), reference=reference)
    assert found[0].name == "fixed"
    assert all(not one.left_out for one in found)


def test_one_that_shrinks_camera_images_is_measured_on_those_and_was_judged_before(field: Field) -> None:
    reference = field.candidate("onnx", 0.02)
    camera = field.candidate("camera", 0.01, fixed_size_px=(64, 32), camera_size_px=(640, 360), answer=-3.0)
    wrong = field.candidate("wrong", 0.001, answer=-3.0)
    found = field.run(reference, camera, wrong, reference=reference)
    assert found[0].name == "camera"
    assert [one.name for one in found if one.left_out] == ["wrong"]


def test_where_none_works_there_is_none(field: Field) -> None:
    found = field.run(field.candidate("absent", fails=ImportError("no library")))
    assert found == [Measured("absent", left_out="ImportError: no library")]


def test_without_the_texts_weights_the_question_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", "/nowhere/model.safetensors")
    asked = question(tiny_bundle.open_bundle(), (64, 32))
    assert not asked.real
    assert asked.image_rgb.shape == (1, 32, 64, 3)
    assert asked.text.words.shape == (1, 32, tiny_bundle.WIDTH)


def test_with_them_it_is_the_sample_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))
    asked = question(tiny_bundle.open_bundle(), (96, 64))
    assert asked.real
    assert asked.image_rgb.shape == (1, 64, 96, 3) and asked.image_rgb.std() > 10
    assert len(asked.text.camera_index) == 1
