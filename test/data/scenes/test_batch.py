"""Many streets at once: the same frames whichever process renders them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")

from ris_ros.data.scenes import SceneSet, render
from ris_ros.data.scenes.batch import render_many
from ris_ros.errors import OutputError, RisError

SIZE = ((96, 64),)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    assert render_many(tmp_path, 2, 9, SIZE, progress=lambda done, total: steps.append((done, total))) == 2
    assert steps == [(1, 2), (2, 2)]
    first = (tmp_path / "00000.jpg").stat().st_mtime_ns
    assert render_many(tmp_path, 2, 9, SIZE) == 0
    assert (tmp_path / "00000.jpg").stat().st_mtime_ns == first
    assert [scene.id for scene in SceneSet(tmp_path)] == ["scene-9", "scene-10"]


def test_processes_make_no_difference(tmp_path: Path) -> None:
    render_many(tmp_path, 2, 3, SIZE, jobs=2)
    scenes = SceneSet(tmp_path)
    assert [scene.id for scene in scenes] == ["scene-3", "scene-4"]
    alone = render(4, SIZE[0])
    assert np.array_equal(scenes[1].instance_map, alone.instance_map)
    assert np.array_equal(scenes[1].class_map, alone.class_map)
    assert scenes.geometry(1) is not None


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another folder"):
        render_many(tmp_path / "file" / "scenes", 1, 1, SIZE)


def test_what_goes_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "00000.png").mkdir()  # the frame's label map cannot be written
    with pytest.raises(RisError, match="00000"):
        render_many(tmp_path, 1, 1, SIZE)
