"""Calibration files as camera_calibration writes them, whole and damaged."""

from __future__ import annotations

import pytest

from ris_ros.config.calibration import load_calibration
from ris_ros.errors import ConfigError

WHOLE = """\
image_width: 960
image_height: 540
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [799.0, 0, 479.5,
         0, 799.0, 269.5,
         0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [-0.2, 0.04, 0.0, 0.0, 0.0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [799, 0, 479.5, 0, 0, 799, 269.5, 0, 0, 0, 1, 0]}
"""


def test_what_camera_calibration_writes_is_read(tmp_path):
    path = tmp_path / "camera.yaml"
    path.write_text(WHOLE)
    read = load_calibration(path)
    assert read.size_px == (960, 540)
    assert read.camera_matrix.data == [799.0, 0.0, 479.5, 0.0, 799.0, 269.5, 0.0, 0.0, 1.0]
    assert (read.distortion_model, read.distortion_coefficients.data[:2]) == ("plumb_bob", [-0.2, 0.04])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("image_width: 960\n", "", "key 'image_width' is missing"),
        ("image_width: 960", "image_width: 0", "'image_width' is 0"),
        ("image_width: 960", "image_width: wide", "'image_width' is 'wide'"),
        ("rows: 3\n", "rows: 2\n", "2 x 3 values belong here, not 9"),
        ("  data: [799.0,", "  data: [.nan,", "camera_matrix.data.0"),
        ("  data: [799.0,", "  data: [f,", "camera_matrix.data.0"),
        ("camera_matrix:", "camera_matrix: 5\nother:", "'camera_matrix' is 5"),
        ("distortion_model: plumb_bob\n", "", "key 'distortion_model' is missing"),
        ("[-0.2, 0.04, 0.0, 0.0, 0.0]", "[-0.2, 0.04]", "1 x 5 values belong here, not 2"),
        ("camera_matrix:", "camera_matrix: [", "is not YAML"),
        (WHOLE, "- 1", "must hold keys and values"),
        (WHOLE, "", "key 'camera_matrix' is missing"),
    ],
)
def test_every_damage_is_named_with_the_file(tmp_path, old, new, says):
    path = tmp_path / "camera.yaml"
    assert old in WHOLE
    path.write_text(WHOLE.replace(old, new, 1))
    with pytest.raises(ConfigError, match=r"camera\.yaml") as caught:
        load_calibration(path)
    assert says in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_calibration(tmp_path / "none.yaml")
