"""The writer of the sample drive: what it writes is read back, and the seed decides it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")
pytest.importorskip("rosbags", reason="bags need the extra 'ros'")

from ris_ros.data.drive import SampleDrive
from ris_ros.data.scenes.drive import START_NS, DriveSettings, write
from ris_ros.data.scenes.drive_story import SECONDS, VAN_REAR_S, ego_s
from ris_ros.errors import OutputError

TINY = DriveSettings(size_px=(160, 90), rate_hz=0.2)


def test_a_drive_is_read_back_and_written_again_alike(tmp_path: Path) -> None:
    drives = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        write(folder, TINY)
        drives.append(SampleDrive(folder))
    first, second = (list(drive.frames()) for drive in drives)
    assert [frame.stamp_ns for frame in first] == [START_NS, START_NS + 5_000_000_000]
    assert [frame.jpeg for frame in first] == [frame.jpeg for frame in second]
    assert drives[0].commands == drives[1].commands
    assert first[0].rgb().shape == (90, 160, 3)
    assert drives[0].truth("road", 1).shape == (45, 80)
    assert np.array_equal(drives[0].truth("red_car", 0), drives[1].truth("red_car", 0))


def test_writing_replaces_an_older_drive(tmp_path: Path) -> None:
    (tmp_path / "truth" / "masks").mkdir(parents=True)
    (tmp_path / "truth" / "masks" / "999.png").write_bytes(b"old")
    write(tmp_path, DriveSettings(size_px=(64, 36), rate_hz=0.1))
    assert [path.name for path in (tmp_path / "truth" / "masks").iterdir()] == ["000.png"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        write(tmp_path / "file", TINY)


def test_the_ego_vehicle_slows_down_before_the_van() -> None:
    way = [ego_s(seconds) for seconds in np.linspace(0, SECONDS, 50)]
    assert np.all(np.diff(way) > 0)
    assert np.diff(way)[-1] < 0.6 * np.diff(way)[0]
    assert way[-1] < VAN_REAR_S - 8
