"""``ris data``: what is printed, written and refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from published_sets import annotation, reference, write_refer_set

from ris_ros.cli.main import main
from ris_ros.data.classes import BY_NAME
from ris_ros.data.sources import SOURCES

POLYGON = [[5.0, 10.0, 15.0, 10.0, 15.0, 20.0, 5.0, 20.0]]


@pytest.fixture
def camvid(tmp_path: Path) -> Path:
    """Two frames of a street with two cars."""
    root = tmp_path / "camvid"
    labels = np.full((180, 240), BY_NAME["road"].id, np.uint8)
    labels[:60], labels[60:80] = BY_NAME["sky"].id, BY_NAME["building"].id
    labels[90:120, 30:70] = labels[90:120, 150:190] = BY_NAME["car"].id
    for frame in ("f1", "f2"):
        for folder, content in (("images", np.full((180, 240, 3), 90, np.uint8)), ("labels", labels)):
            path = root / "train" / folder / f"{frame}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), content)
    return root


@pytest.fixture
def refcoco(tmp_path: Path) -> Path:
    """One picture with two sentences; the mask of the second lies outside it."""
    outside = [[100.0, 10.0, 120.0, 10.0, 120.0, 20.0]]
    references = [reference(1, 7, 70, "testA", ["the left car"]), reference(2, 7, 71, "testA", ["nowhere"])]
    annotations = [annotation(70, 7, POLYGON), annotation(71, 7, outside)]
    write_refer_set(tmp_path / "refer", "refcoco", "refs(unc).p", references, annotations)
    return tmp_path / "refer"


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["data", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("ris: ") and said.count("\n") == 1
    return said


def test_every_source_is_listed(capsys):
    assert main(["data", "list"]) == 0
    printed = capsys.readouterr().out
    for name, source in SOURCES.items():
        assert f"{name}: {source.origin.offers}" in printed and source.origin.project in printed
    assert "boxes: for pointing only (not for training)" in printed


def test_a_good_source_is_counted(camvid, capsys):
    assert main(["data", "check", f"camvid={camvid}"]) == 0
    printed = capsys.readouterr().out
    assert "2 images: 240x180 (2)" in printed and "4 car" in printed and "no problems" in printed


def test_json_holds_everything(camvid, capsys):
    assert main(["data", "check", f"camvid={camvid}", "--json", "--images", "1"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["images"] == 1 and report["instances"]["car"]["count"] == 2 and report["problems"] == []


def test_problems_are_named_and_the_exit_code_is_1(camvid, capsys):
    (camvid / "train" / "images" / "f2.png").write_bytes(b"damaged")
    assert main(["data", "check", f"camvid={camvid}"]) == 1
    printed = capsys.readouterr().out
    assert "1 problem\n" in printed and "f2.png" in printed


def test_parts_by_their_own_names(refcoco, capsys):
    assert main(["data", "sentences", f"refcoco={refcoco}", "--split", "testA", "--count", "1"]) == 0
    assert capsys.readouterr().out == "refcoco/COCO_train2014_000000000007  [said_thing]  the left car\n"
    assert "has no part 'val'" in refuse(capsys, "check", f"refcoco={refcoco}", "--split", "val")


def test_sentences_are_printed_and_repeatable(camvid, capsys):
    arguments = ["data", "sentences", f"camvid={camvid}", "--count", "6", "--seed", "5"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    assert main(arguments) == 0
    assert capsys.readouterr().out == first and len(first.splitlines()) == 6


def test_silence_is_an_error(camvid, capsys):
    assert "nothing can be said" in refuse(capsys, "sentences", f"camvid={camvid}", "--voice", "said")


def test_previews_are_pictures(camvid, tmp_path, capsys):
    out = tmp_path / "previews"
    assert main(["data", "preview", f"camvid={camvid}", "--out", str(out), "--count", "13"]) == 0
    assert capsys.readouterr().out.split() == [str(out / "preview_00.png"), str(out / "preview_01.png")]
    assert cv2.imread(str(out / "preview_01.png")).shape[2] == 3


def test_sheets_have_an_index(camvid, tmp_path):
    out = tmp_path / "sheets"
    assert main(["data", "sheets", f"camvid={camvid}", "--out", str(out), "--scale", "2"]) == 0
    index = json.loads((out / "index.json").read_text())
    assert list(index) == ["000_f1.png", "001_f2.png"]
    car = index["000_f1.png"]["components"]["1"]
    assert car["class"] == "car" and car["area_px"] == 1200
    assert cv2.imread(str(out / "000_f1.png")).shape[1] > 480


def test_notes_are_checked(camvid, tmp_path, capsys):
    notes = tmp_path / "notes.jsonl"
    line = {"frame": "f1", "things": [{"k": "a", "at": [40, 100], "class": "car"}], "say": [["that car", "a"]]}
    notes.write_text(json.dumps(line))
    assert main(["data", "notes", str(notes), f"camvid={camvid}"]) == 0
    assert "1 frames, 1 things, 1 sentences\nno problems" in capsys.readouterr().out
    notes.write_text(json.dumps({**line, "frame": "f7"}))
    assert main(["data", "notes", str(notes), f"camvid={camvid}"]) == 1
    assert "f7: is no frame of the source." in capsys.readouterr().out
    notes.write_text("{")
    assert "line 1" in refuse(capsys, "notes", str(notes), f"camvid={camvid}")


def test_scenes_are_rendered_once(tmp_path, capsys):
    pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")
    arguments = ["data", "render", "--out", str(tmp_path / "scenes"), "--count", "1", "--size", "96x64"]
    assert main(arguments) == 0
    assert "1 frames rendered, 0 were there" in capsys.readouterr().out
    assert main(arguments) == 0
    assert "0 frames rendered, 1 were there" in capsys.readouterr().out
    assert main(["data", "check", f"scenes={tmp_path / 'scenes'}"]) == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("check", "moon=/x"), "NAME one of camvid"),
        (("check", "refcoco=/nowhere"), "get RefCOCO from the project lichengunc/refer"),
        (("sentences", "talk2car_regseg=/nowhere", "--split", "moon"), "Talk2Car-RegSeg has train, val, test"),
        (("notes", "/nowhere.jsonl", "camvid=/x"), "give a file of notes"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, part, capsys):
    assert part in refuse(capsys, *arguments)


def test_a_place_that_cannot_be_written_is_refused_before_work(camvid, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for action in ("preview", "sheets"):
        said = refuse(capsys, action, f"camvid={camvid}", "--out", str(tmp_path / "file" / "out"))
        assert "cannot be written to" in said
    assert "--scale" in refuse(capsys, "sheets", f"camvid={camvid}", "--out", str(tmp_path), "--scale", "0")


@pytest.mark.parametrize(
    "arguments", [(), ("check",), ("render", "--out", "x", "--size", "9"), ("sentences", "a=b", "--count", "0")]
)
def test_wrong_arguments_are_usage_errors(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["data", *arguments])
    assert caught.value.code == 2 and "usage: ris data" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["list", "check", "preview", "sentences", "render", "sheets", "notes"])
def test_every_action_shows_an_example(action, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["data", action, "--help"])
    assert caught.value.code == 0 and f"  ris data {action}" in capsys.readouterr().out
