from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import BLUE, RED, WHITE, picture

from ris_ros.cli.main import main
from ris_ros.cli.predict import parse_line
from ris_ros.errors import BackendError, CommandError, DataError
from ris_ros.runtime import registry
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.types import GroundOutput, Target

SIZE = (200, 150)
RED_BOX, BLUE_BOX = (20, 30, 64, 48), (120, 60, 48, 48)
KEYS = {"id", "found", "existence", "score", "target", "peak", "latency_ms"}


@pytest.fixture(autouse=True)
def _tiny_text_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    image = picture(SIZE, (RED, RED_BOX), (BLUE, BLUE_BOX))
    cv2.imwrite(str(tmp_path / "pictures" / "a.png"), image[..., ::-1])
    cv2.imwrite(str(tmp_path / "pictures" / "b.png"), picture((90, 160), (WHITE, (10, 10, 60, 60)))[..., ::-1])
    return tmp_path


def line(id_: str, text: str, target: str = "object", image: str = "pictures/a.png") -> str:
    return json.dumps({"id": id_, "image": image, "text": text, "target": target})


def predict(
    folder: Path, *lines: str, options: tuple[str, ...] = (), out: str = "out"
) -> tuple[int, dict[Any, dict[str, Any]]]:
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    base = ["predict", "--manifest", str(folder / "in.jsonl"), "--out", str(folder / out)]
    engine = ["--backend", "onnx", "--threads", "1", "--model", str(tiny_bundle.BUNDLE)]
    code = main([*base, *engine, *options])
    records = [json.loads(row) for row in (folder / out / "predictions.jsonl").read_text().splitlines()]
    return code, {record["id"]: record for record in records}


def mask(folder: Path, id_: str) -> np.ndarray:
    image = cv2.imread(str(folder / "out" / f"{id_}.png"), cv2.IMREAD_UNCHANGED)
    assert image.ndim == 2
    assert set(np.unique(image)) <= {0, 255}
    return image > 0


def iou(found: np.ndarray, box: tuple[int, int, int, int]) -> float:
    truth = np.zeros_like(found)
    truth[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = True
    return float((found & truth).sum() / (found | truth).sum())


def test_a_smaller_input_is_a_choice_of_the_user(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["predict", "--image", str(folder / "pictures" / "a.png"), "--text", "the red car", "--out", str(folder)]
    common += ["--model", str(tiny_bundle.BUNDLE), "--backend", "onnx"]
    assert main([*common, "--size", "64x32"]) == 0
    mask = cv2.imread(str(folder / "a.mask.png"), cv2.IMREAD_GRAYSCALE)
    x, y, width, height = RED_BOX
    assert mask.shape == (SIZE[1], SIZE[0])
    assert mask[y + height // 2, x + width // 2] == 255
    assert main([*common, "--size", "64x64x3"]) == 2
    assert "WIDTHxHEIGHT" in capsys.readouterr().err
    assert main([*common, "--size", "960x640"]) == 2
    assert "up to 96x64" in capsys.readouterr().err


def test_each_line_gets_its_mask_and_its_record(folder: Path) -> None:
    code, records = predict(
        folder,
        line("one", "the red car"),
        line("two", "the blue car"),
        line("three", "the white van", image="pictures/b.png"),
        line("four", "park behind the unicorn", "auto"),
        line("five", "park behind the red car", "auto"),
        line("six", "the red car", "region"),
    )
    assert code == 0
    assert list(records) == ["one", "two", "three", "four", "five", "six"]
    assert all(set(record) == KEYS for record in records.values())
    assert iou(mask(folder, "one"), RED_BOX) > 0.8
    assert iou(mask(folder, "two"), BLUE_BOX) > 0.8
    assert iou(mask(folder, "three"), (10, 10, 60, 60)) > 0.75
    assert mask(folder, "three").shape == (160, 90)
    assert not records["four"]["found"]
    assert not mask(folder, "four").any()
    assert [records[i]["target"] for i in ("one", "four", "five", "six")] == ["object", "region", "region", "region"]
    # The tiny model's region is whatever the object is not.
    assert not (mask(folder, "five") & mask(folder, "one"))[RED_BOX[1] + 8 : RED_BOX[1] + 40].any()
    x, y = records["one"]["peak"]
    assert mask(folder, "one")[y, x]
    assert records["one"]["existence"] > 0.99 > 0.01 > records["four"]["existence"]
    assert len(records["four"]["peak"]) == 2
    assert all(record["latency_ms"] > 0 for record in records.values())


def test_neighbours_in_the_manifest_change_nothing(folder: Path) -> None:
    texts = ["the red car", "the blue car", "the red unicorn"]
    predict(folder, *(line(f"together{i}", text) for i, text in enumerate(texts)))
    for i, text in enumerate(texts):
        _, alone = predict(folder, line(f"alone{i}", text))
        assert (mask(folder, f"alone{i}") == mask(folder, f"together{i}")).all()
        assert alone[f"alone{i}"]["found"] == (i < 2)


BAD_LINES = [
    ("not json", "not JSON"),
    ("[1, 2]", "not a JSON object"),
    ('{"id": "x", "text": "the car"}', "'image' is missing"),
    ('{"id": "x", "image": 3, "text": "the car"}', "'image' is not a text"),
    (line("x", "the red car", "everything"), "Unknown target"),
    (line("x", "🚗🚗"), "no readable word"),
    (line("x", "a" * 10_000), "at most 1000"),
    (line("../escape", "the red car"), "no file name below"),
    (line("/tmp/escape", "the red car"), "no file name below"),
    (line("a/../../escape", "the red car"), "no file name below"),
    (line("nul\0l", "the red car"), "no file name below"),
    (line("", "the red car"), "no file name below"),
    (line("x", "the red car", image="pictures/none.png"), "cannot be read"),
    (line("x", "the red car", image="in.jsonl"), "no picture"),
    (line("good", "the blue car"), "is that of line 1"),
    ("[" * 100_000, "not JSON"),
    ('{"id": ' + "7" * 5000 + ', "image": "pictures/a.png", "text": "the red car"}', "not JSON"),
    ('{"id": "x", "image": "\\ud800.png", "text": "the red car"}', "'image' is no path"),
    ('{"id": "x", "image": "a\\u0000.png", "text": "the red car"}', "'image' is no path"),
]


def test_bad_lines_are_reported_by_number_and_the_good_ones_answered(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, records = predict(folder, line("good", "the red car"), *(bad for bad, _ in BAD_LINES), line("last", "a car"))
    assert code == 1
    assert set(records) == {"good", "last"}
    said = [row for row in capsys.readouterr().err.splitlines() if ", line " in row]
    assert len(said) == len(BAD_LINES)
    for number, ((_, reason), sentence) in enumerate(zip(BAD_LINES, said, strict=True), start=2):
        assert f"in.jsonl, line {number}: " in sentence
        assert reason in sentence
    assert {path.name for path in folder.iterdir()} == {"in.jsonl", "pictures", "out"}


def test_blank_lines_and_an_id_with_a_folder_are_fine(folder: Path) -> None:
    code, records = predict(folder, "", line("val/7", "the red car"), "  ", line("8", "the red car"))
    assert code == 0
    assert set(records) == {"val/7", "8"}
    assert mask(folder, "val/7").any()


def test_a_number_comes_back_as_the_id_that_it_was(folder: Path) -> None:
    code, records = predict(folder, '{"id": 7, "image": "pictures/a.png", "text": "the red car"}', line("7", "a car"))
    assert code == 1  # both would be 7.png
    assert list(records) == [7]
    assert mask(folder, "7").any()


def test_a_byte_order_mark_is_no_bad_line(folder: Path) -> None:
    code, records = predict(folder, "\ufeff" + line("one", "the red car"))
    assert code == 0
    assert set(records) == {"one"}


def test_no_answer_overwrites_a_picture_of_the_manifest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in (folder / "pictures").iterdir()}
    lines = [line("a", "the red car"), line("b", "the red car"), line("c", "a car", image="pictures/../pictures/b.png")]
    code, records = predict(folder, *lines, out="pictures")
    assert code == 1
    assert set(records) == {"c"}
    assert capsys.readouterr().err.count("would overwrite the picture") == 2
    assert all((folder / "pictures" / name).read_bytes() == content for name, content in before.items())


def test_what_was_answered_before_an_engine_failed_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ground, left = OnnxBackend.ground, [None]

    def fail_at_the_second(self: OnnxBackend, *arguments: Any) -> GroundOutput:
        if not left:
            raise BackendError("The ground engine failed.")
        left.pop()
        return ground(self, *arguments)

    monkeypatch.setattr(OnnxBackend, "ground", fail_at_the_second)
    monkeypatch.setattr(registry, "BACKENDS", {"onnx": registry.BACKENDS["onnx"]})  # none is there to take over
    code, records = predict(folder, *(line(id_, "the red car") for id_ in ("one", "two", "three")))
    assert code == 2
    assert set(records) == {"one"}


def test_a_model_that_cannot_be_loaded_leaves_earlier_answers_alone(folder: Path) -> None:
    predict(folder, line("one", "the red car"))
    code, records = predict(folder, line("two", "the red car"), options=("--model", "nowhere"))
    assert code == 2
    assert set(records) == {"one"}


def test_the_one_picture_is_never_overwritten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "pictures")
    before = Path("a.png").read_bytes()
    model = ["--model", str(tiny_bundle.BUNDLE), "--backend", "onnx"]
    assert main(["predict", "--image", "a.png", "--text", "the red car", *model]) == 0
    assert Path("a.png").read_bytes() == before
    assert Path("a.mask.png").is_file() and Path("a.overlay.png").is_file()


@pytest.mark.parametrize("text", ["the car " * 40, "the red car"])
def test_what_the_model_cannot_read_is_said(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    predict(folder, line("x", text))
    assert ("were not read" in capsys.readouterr().err) == (len(text) > 100)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--manifest", "none.jsonl", "--out", "out"], "none.jsonl"),
        (["--manifest", "in.jsonl"], "--out"),
        (["--image", "pictures/a.png"], "--text"),
        (["--manifest", "in.jsonl", "--out", "out", "--text", "the car"], "--text goes with --image"),
        (["--manifest", "in.jsonl", "--out", "out", "--target", "region"], "--target goes with --image"),
        (["--manifest", "predictions.jsonl", "--out", "."], "would overwrite predictions.jsonl"),
        (["--manifest", "in.jsonl", "--out", "in.jsonl/x"], "cannot be written"),
        (["--manifest", "in.jsonl", "--out", "out", "--model", "none"], "none"),
        (["--manifest", "in.jsonl", "--out", "out", "--backend", "none"], "Unknown backend 'none'"),
        (["--manifest", "in.jsonl", "--out", "out", "--backend", "tensorrt"], "tensorrt"),
        (["--manifest", "in.jsonl", "--out", "out", "--threads", "0"], "threads"),
        (["--image", "in.jsonl", "--text", "the car"], "no picture"),
        (["--image", "pictures/a.png", "--text", "\x07"], "no readable word"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence_and_exit_code_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (folder / "in.jsonl").write_text(line("a", "the red car"))
    monkeypatch.chdir(folder)
    model = [] if "--model" in arguments else ["--model", str(tiny_bundle.BUNDLE)]
    assert main(["predict", *arguments, *model]) == 2
    captured = capsys.readouterr()
    (sentence,) = captured.err.strip().splitlines()
    assert sentence.startswith("ris: ")
    assert said in sentence


def test_the_command_as_a_process_on_one_picture(folder: Path) -> None:
    """The whole command in a process of its own: what it prints is JSON, and the overlay marks the mask."""
    root = Path(__file__).parents[2]
    arguments = ["predict", "--image", "pictures/a.png", "--text", "The RED car!", "--backend", "onnx"]
    done = subprocess.run(
        [sys.executable, "-m", "ris_ros.cli.main", *arguments, "--model", str(tiny_bundle.BUNDLE)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert set(record) == KEYS
    assert record["found"]
    found = cv2.imread(str(folder / "a.mask.png"), cv2.IMREAD_UNCHANGED) > 0
    assert iou(found, RED_BOX) > 0.8
    overlay = cv2.imread(str(folder / "a.overlay.png"))
    original = cv2.imread(str(folder / "pictures" / "a.png"))
    changed = (overlay != original).any(axis=2)
    assert changed[found].all()
    # Elsewhere there are the banner and the outline of the region, which was not asked for.
    assert changed[45:][~found[45:]].mean() < 0.1


@pytest.mark.parametrize("target", ["object", "region", "auto", "AUTO"])
def test_a_good_line_is_read(tmp_path: Path, target: str) -> None:
    sample = parse_line(line(" a b ".strip(), "  the   red car ", target).encode(), tmp_path)
    assert sample.text == "the red car"
    assert sample.target is Target.parse(target)
    assert sample.image == tmp_path / "pictures/a.png"


def test_a_line_without_target_is_auto_and_a_number_serves_as_id(tmp_path: Path) -> None:
    sample = parse_line(b'{"id": 7, "image": "a.png", "text": "the car", "more": 1}', tmp_path)
    assert (sample.id, sample.target) == (7, Target.AUTO)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"null", b'{"id": true, "image": "a", "text": "b"}'])
def test_a_line_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises((DataError, CommandError)):
        parse_line(content, tmp_path)


@pytest.mark.parametrize("id_", ["predictions.jsonl/x", "a.png/x"])
def test_an_id_whose_folder_another_answer_needs_is_refused(tmp_path: Path, id_: str) -> None:
    with pytest.raises(DataError, match="folder"):
        parse_line(line(id_, "the red car").encode(), tmp_path)
