"""The shipped sample drive: a readable bag whose truth fits it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="bags need the extra 'ros'")

from ris_ros.data.drive import SampleDrive
from ris_ros.errors import CommandError, DataError
from ris_ros.types import Target

SAMPLE = Path(__file__).parents[2] / "sample"
MOST_BYTES = 7_000_000
MOST_BAG_BYTES = 6_000_000


@pytest.fixture(scope="module")
def drive() -> SampleDrive:
    return SampleDrive(SAMPLE)


def test_the_sample_is_small() -> None:
    sizes = {path: path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < MOST_BYTES
    assert sum(size for path, size in sizes.items() if path.parent.name == "drive") < MOST_BAG_BYTES


def test_stamps_rise_evenly_and_pictures_have_the_cameras_size(drive: SampleDrive) -> None:
    frames = list(drive.frames())
    steps = np.diff([frame.stamp_ns for frame in frames])
    assert len(frames) >= 100
    assert np.all(np.abs(steps - np.median(steps)) < 1_000_000)
    assert 60e6 < np.median(steps) < 90e6
    for frame in (frames[0], frames[-1]):
        height, width = frame.rgb().shape[:2]
        assert (width, height) == drive.camera.size_px
        assert frame.frame_id == drive.camera.frame_id == "camera_optical"


def test_the_camera_is_a_pinhole(drive: SampleDrive) -> None:
    width, height = drive.camera.size_px
    fx, _, cx, _, fy, cy, *last = drive.camera.k
    assert fx == fy > width / 2
    assert (cx, cy) == pytest.approx(((width - 1) / 2, (height - 1) / 2))
    assert last == [0, 0, 1]
    assert not any(drive.camera.d)


def test_truth_fits_the_frames(drive: SampleDrive) -> None:
    width, height = drive.camera.size_px
    count = sum(1 for _ in drive.frames())
    for index in range(0, count, 7):
        for command in drive.commands:
            mask = drive.truth(command.id, index)
            assert mask.shape == (height // 2, width // 2)
            assert mask.any() == command.is_present(index)
    assert len(list((SAMPLE / "truth" / "masks").glob("*.png"))) == count


def test_the_demos_commands_are_there(drive: SampleDrive) -> None:
    by_text = {command.text: command for command in drive.commands}
    assert by_text["the red car on the left"].target is Target.OBJECT
    assert by_text["pull over behind the white van"].target is Target.REGION
    assert sum(command.bit is None for command in drive.commands) >= 2
    assert all(not command.present for command in drive.commands if command.bit is None)


def test_the_red_car_is_red_and_left_of_the_middle(drive: SampleDrive) -> None:
    for frame in drive.frames():
        if frame.index % 30 == 0:
            mask = drive.truth("red_car", frame.index)
            red, green, blue = frame.rgb()[::2, ::2][mask].mean(axis=0)
            assert red > 1.4 * max(green, blue)
            assert np.nonzero(mask)[1].mean() < mask.shape[1] / 2


def test_the_place_behind_the_van_is_road_below_and_beside_it(drive: SampleDrive) -> None:
    last = max(frame.index for frame in drive.frames())
    region, van, road = (drive.truth(name, last) for name in ("pull_over", "white_van", "road"))
    assert not (region & ~road).any()
    assert not (region & van).any()
    assert np.nonzero(region)[0].mean() > np.nonzero(van)[0].mean()


def test_an_unknown_command_is_refused(drive: SampleDrive) -> None:
    with pytest.raises(CommandError, match="red_car"):
        drive.truth("the moon", 0)


def test_a_folder_without_a_drive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sample drive"):
        SampleDrive(tmp_path)


@pytest.mark.parametrize("text", ["not json\n", json.dumps({"id": "a"}) + "\n"])
def test_damaged_commands_are_refused(tmp_path: Path, text: str) -> None:
    shutil.copytree(SAMPLE / "drive", tmp_path / "drive")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "commands.jsonl").write_text(text)
    with pytest.raises(DataError, match=r"commands\.jsonl"):
        SampleDrive(tmp_path)


def test_a_damaged_bag_is_refused(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "truth", tmp_path / "truth")
    shutil.copytree(SAMPLE / "drive", tmp_path / "drive")
    (bag,) = (tmp_path / "drive").glob("*.mcap")
    bag.write_bytes(bag.read_bytes()[:2000])
    with pytest.raises(DataError):
        SampleDrive(tmp_path)
