"""Scenes on disk come back as they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.scenes.dataset import SceneSet, write_frame
from ris_ros.errors import DataError, OutputError


def _frame(name: str) -> LabeledImage:
    rng = np.random.default_rng(3)
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    image = np.stack(np.broadcast_arrays(ramp[None, :], ramp[:48, None], np.uint8(90)), axis=2)
    instance = np.zeros((48, 64), np.int32)
    instance[10:20, 5:30], instance[30:40, 20:60] = 7, 300
    facts = {7: InstanceInfo("car", "red", 12.5, ("parked",)), 300: InstanceInfo("pole", None, 4.0)}
    classes = rng.integers(0, 17, (48, 64)).astype(np.uint8)
    return LabeledImage(name, np.ascontiguousarray(image), classes, instance, facts)


def test_round_trip(tmp_path: Path) -> None:
    frame = _frame("scene-5")
    write_frame(tmp_path, "00000", frame, {"seed": 5})
    (back,) = SceneSet(tmp_path)
    assert back.id == "scene-5"
    assert np.array_equal(back.class_map, frame.class_map)
    assert np.array_equal(back.instance_map, frame.instance_map)
    assert dict(back.instances) == dict(frame.instances)
    assert np.abs(back.image_rgb.astype(int) - frame.image_rgb).mean() < 4


def test_a_frame_without_its_record_is_not_there_yet(tmp_path: Path) -> None:
    for name in ("00000", "00001"):
        write_frame(tmp_path, name, _frame(name), {})
    (tmp_path / "00001.json").unlink()
    scenes = SceneSet(tmp_path)
    assert len(scenes) == 1
    assert [scene.id for scene in scenes[:]] == ["00000"]


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ris data render"):
        SceneSet(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["truncated picture", "no labels", "record without instances", "record is no JSON"])
def test_damage_is_told_by_name(tmp_path: Path, damage: str) -> None:
    write_frame(tmp_path, "00000", _frame("a"), {})
    if damage == "truncated picture":
        (tmp_path / "00000.jpg").write_bytes(b"\xff\xd8nonsense")
    elif damage == "no labels":
        (tmp_path / "00000.png").unlink()
    elif damage == "record without instances":
        (tmp_path / "00000.json").write_text('{"id": "a"}')
    else:
        (tmp_path / "00000.json").write_text("{")
    with pytest.raises(DataError, match="00000"):
        SceneSet(tmp_path)[0]


def test_an_unwritable_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="00000"):
        write_frame(tmp_path / "missing", "00000", _frame("a"), {})
