"""``ris plan``: one picture with a model whose answers are known, and rendered scenes with the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_bundle
from flat_scene import flat_scene
from tiny_bundle import BLUE, GREEN, RED, picture

from ris_ros.cli import plan
from ris_ros.cli.main import main
from ris_ros.config.planning import PlanningSettings
from ris_ros.data.scenes.dataset import write_frame
from ris_ros.data.scenes.geometry import Geometry

SIZE = (240, 160)
POSE = "0 0 1.4 0 0.05 0"
CALIBRATION = """\
image_width: 480
image_height: 320
camera_matrix: {rows: 3, cols: 3, data: [400, 0, 239.5, 0, 400, 159.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
"""
ENGINE = ["--backend", "onnx", "--threads", "1", "--model", str(tiny_bundle.BUNDLE)]


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))
    # What the tiny model can name: the ground is green.
    settings = PlanningSettings(free_texts=["the green"], obstacle_texts=["the red"])
    monkeypatch.setattr(plan, "ROBOTS", {"small": settings})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A green field from the horizon down, with a blue patch 8 m ahead of a camera 1.4 m above it."""
    image = picture(SIZE, (GREEN, (0, 70, 240, 90)), (BLUE, (96, 94, 48, 16)), (RED, (20, 60, 24, 30)))
    cv2.imwrite(str(tmp_path / "field.png"), image[..., ::-1])
    (tmp_path / "camera.yaml").write_text(CALIBRATION)
    return tmp_path


def run(folder: Path, *options: str, text: str = "the red") -> int:
    base = ["plan", "--image", str(folder / "field.png"), "--camera", str(folder / "camera.yaml"), "--text", text]
    return main([*base, "--out", str(folder / "plan.png"), *ENGINE, *options])


def test_an_object_gets_an_approach_a_path_and_a_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--pose", POSE, "--target", "object") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["found"] and record["reason"] == ""
    x, y, yaw = record["goal"]
    assert x > 2.0 and y > 0.5 and yaw > 0.0  # the red box stands on the left
    assert np.allclose(record["path"][0], [0.0, 0.0, 0.0]) and np.allclose(record["path"][-1][:2], [x, y], atol=0.01)
    drawn = cv2.imread(str(folder / "plan.png"))
    assert drawn.shape[0] > SIZE[1] and drawn.shape[1] > 1.5 * SIZE[0]


def test_what_is_not_there_gets_a_reason_and_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--pose", POSE, text="the unicorn") == 1
    record = json.loads(capsys.readouterr().out)
    assert not record["found"] and record["goal"] is None and "not there" in record["reason"]
    assert (folder / "plan.png").exists()


def test_without_a_pose_it_says_what_it_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder)
    assert "No --pose" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--pose", "0 0 1.4"), "give 6 numbers"),
        (("--pose", "0 0 1.4 0 nan 0"), "must be finite"),
        (("--pose", "0 0 -1 0 0 0"), "below the ground"),
        (("--pose", "0 0 1.4 0 -1.2 0"), "looks up"),
        (("--count", "3"), "--count goes with --measure"),
        (("--depth", "none.png"), "cannot be read"),
        (("--depth", __file__), "is no depth image"),
        (("--out", "plan.jpg"), "ends in .png"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], says: str
) -> None:
    assert run(folder, *options) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ris: ") and says in error


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[400, 0,", "[0, 0,", "not calibrated"),
        ("plumb_bob", "barrel", "barrel"),
        ("image_width: 480", "image_width: 320", "another aspect"),
        ("[0, 0, 0, 0, 0]", "[0, 0, 0, 0, .inf]", "distortion_coefficients"),
    ],
)
def test_a_calibration_that_cannot_be_used_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    (folder / "camera.yaml").write_text(CALIBRATION.replace(old, new, 1))
    assert run(folder, "--pose", POSE) == 2
    error = capsys.readouterr().err
    assert "camera.yaml" in error and says in error


def test_depth_says_where_a_thing_stands_that_hovers_for_the_ground(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # By the ground, the foot of the red box lies 7 m away; the depth says 5 m.
    depth = np.zeros((SIZE[1], SIZE[0]), np.uint16)
    depth[60:90, 20:44] = 5000
    cv2.imwrite(str(folder / "depth.png"), depth)
    run(folder, "--pose", POSE, "--target", "object")
    far = json.loads(capsys.readouterr().out)
    run(folder, "--pose", POSE, "--target", "object", "--depth", str(folder / "depth.png"))
    near = json.loads(capsys.readouterr().out)
    assert far["goal"] is not None
    assert near["goal"] is None or near["goal"][0] < far["goal"][0]


def test_image_needs_its_text_and_its_camera(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--image", str(folder / "field.png"), "--text", "the red"]) == 2
    assert "--camera" in capsys.readouterr().err


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    for name, cars in (("00000", ((16.0, 1.0), (13.0, -3.2))), ("00001", ((20.0, -2.0),))):
        image, geometry = flat_scene(cars)
        write_frame(folder, name, image, {"seed": 0}, geometry)
    return folder


def test_plans_on_scenes_are_measured_and_the_same_seed_gives_the_same(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []
    for out in ("a", "b"):
        options = ["--masks", "truth", "--commands-per-image", "3", "--seed", "4", "--out", str(tmp_path / out)]
        assert main(["plan", "--measure", str(scenes), *options]) == 0
        made.append(json.loads((tmp_path / out / plan.METRICS_FILE).read_text()))
    trials = [[{k: v for k, v in t.items() if not k.endswith("_ms")} for t in one["trials"]] for one in made]
    assert trials[0] == trials[1]
    assert made[0]["all"]["commands"] == len(trials[0]) >= 4
    assert made[0]["all"]["goals_touching"] == 0
    assert made[0]["projection"]["exact"]["median"] < 0.002
    assert made[0]["about"]["masks"] == "truth"
    assert "goal in the region" in capsys.readouterr().out


def test_on_rides_the_robot_has_seen_what_came_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rides = tmp_path / "rides"
    rides.mkdir()
    for frame in range(3):
        image, geometry = flat_scene(((12.0 - frame, 2.0),))
        x, y, z = geometry.camera.position_m
        camera = replace(geometry.camera, position_m=(x + frame, y, z), yaw=0.0)
        moved = Geometry(camera, geometry.depth_m, geometry.boxes)
        facts = {"seed": 0, "sequence": {"frame": frame, "seconds": 0.2 * frame}}
        write_frame(rides, f"00000-{frame:03d}", image, facts, moved)
    options = ["--masks", "truth", "--before", "2", "--out", str(tmp_path / "out")]
    assert main(["plan", "--measure", str(rides), *options]) == 0
    made = json.loads((tmp_path / "out" / plan.METRICS_FILE).read_text())
    assert made["about"]["before"] == 2
    assert len({trial["frame"] for trial in made["trials"]}) == 1
    assert made["all"]["goals_touching"] == 0
    assert main(["plan", "--measure", str(rides), "--masks", "truth", "--before", "3"]) == 2
    assert "No frame comes 3 frames into a ride" in capsys.readouterr().err


def test_the_model_is_measured_end_to_end(scenes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--measure", str(scenes), "--count", "1", "--commands-per-image", "2", *ENGINE]) == 0
    assert "no goal though feasible" in capsys.readouterr().out  # the tiny model knows no road


def test_scenes_without_geometry_and_texts_without_a_picture_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_frame(tmp_path, "00000", flat_scene()[0], {"seed": 0})
    assert main(["plan", "--measure", str(tmp_path), "--masks", "truth"]) == 2
    assert "no geometry" in capsys.readouterr().err
    assert main(["plan", "--measure", str(tmp_path), "--text", "the red"]) == 2
    assert "--text goes with --image" in capsys.readouterr().err
    assert main(["plan", "--measure", str(tmp_path), "--count", "0"]) == 2


@pytest.mark.parametrize(
    ("size_px", "value", "says"), [((90, 90), 8000, "use the depth image that is aligned"), (SIZE, 0, "no value")]
)
def test_depth_that_says_nothing_is_named_and_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str], size_px: tuple[int, int], value: int, says: str
) -> None:
    cv2.imwrite(str(folder / "bad_depth.png"), np.full(size_px[::-1], value, np.uint16))
    assert run(folder, "--pose", POSE, "--target", "object", "--depth", str(folder / "bad_depth.png")) == 0
    said = capsys.readouterr()
    assert "Planned without depth" in said.err and says in said.err
    assert json.loads(said.out)["goal"] is not None
