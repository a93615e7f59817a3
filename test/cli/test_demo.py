"""``ris demo``: what it is given, and the whole of it in three real processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_bundle import BUNDLE, TEXT_WEIGHTS

from ris_ros.cli.demo_inputs import MAX_COMMANDS, KnownDrive, read_commands, read_journal, read_recording
from ris_ros.cli.main import main
from ris_ros.config.share import share_file
from ris_ros.data.bag import open_bag
from ris_ros.errors import CommandError, DataError, RisError
from ris_ros.runtime.bundle import Bundle, default_path

pytest.importorskip("rosbags")
from box_drive import RED_BOX, SIZE_PX, UNICORN, red_box, stamp_ns, write_drive


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drive(tmp_path_factory.mktemp("sample"))


# What it is given


def test_a_recording_is_brought_to_the_nodes_camera(drive: Path) -> None:
    assert read_recording(drive).remappings == {
        "/camera/image_raw/compressed": "/camera/image_raw/compressed",
        "/camera/camera_info": "/camera/camera_info",
    }


def test_the_truth_of_a_sample_is_found_beside_its_bag(drive: Path, tmp_path: Path) -> None:
    known = KnownDrive.beside(drive)
    assert known is not None
    assert KnownDrive.beside(tmp_path) is None

    truth = known.truth_of(stamp_ns(3), RED_BOX, SIZE_PX)
    assert truth is not None and truth.mask is not None
    expected = np.zeros(SIZE_PX[::-1], np.bool_)
    x, y, width, height = red_box(3)
    expected[y : y + height, x : x + width] = True
    assert np.array_equal(truth.mask, expected)
    absent = known.truth_of(stamp_ns(3), UNICORN, SIZE_PX)
    assert absent is not None and absent.mask is None
    assert known.truth_of(stamp_ns(3), "the moon", SIZE_PX) is None
    assert known.truth_of(1, RED_BOX, SIZE_PX) is None


def test_a_passenger_names_what_can_be_seen_then(tmp_path: Path) -> None:
    write_drive(tmp_path)
    rows = [("never", []), ("late", [[13, 23]]), ("early", [[0, 5]])]
    lines = [
        {"id": id_, "text": f"the {id_} one", "target": "object", "bit": 0 if spans else None, "present": spans}
        for id_, spans in rows
    ]
    (tmp_path / "truth" / "commands.jsonl").write_text("\n".join(map(json.dumps, lines)))
    known = KnownDrive.beside(tmp_path / "drive")

    assert known is not None
    # The drive lasts two seconds: turns of half a second are frames 0 to 6, 6 to 12, 12 to 18, and a last one for all.
    assert known.texts(2.0) == ["the early one", "the never one", "the late one"]
    # Whatever the turns, each is said once.
    assert all(sorted(known.texts(seconds)) == sorted(known.texts(2.0)) for seconds in (0.1, 3.0, 40.0))


def test_commands_are_read_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "commands.txt"
    path.write_text("# what to ask\nthe red  car\n\n pull over behind the van \n", encoding="utf-8")

    assert read_commands(path) == ["the red car", "pull over behind the van"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"# nothing\n", "holds 0 commands"),
        (b"the car\n" * (MAX_COMMANDS + 1), f"holds {MAX_COMMANDS + 1} commands"),
        ("the car\n\N{AUTOMOBILE}\n".encode(), "line 2"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_commands_that_cannot_be_used_are_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "commands.txt"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        read_commands(path)
    with pytest.raises(CommandError, match="absent"):
        read_commands(tmp_path / "absent.txt")


def test_a_journal_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "camera.jsonl"
    path.write_text('{"topic": "/a", "stamp_ns": 5, "recorded_ns": 1}\n{"topic": "/a", "sta')

    assert read_journal(path) == {5: 1}
    path.write_text("nonsense\n")
    with pytest.raises(DataError, match="journal"):
        read_journal(path)


# The whole


MARK = "RIS_TEST_RUN"  # in the environment of a run and of all its children

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Run]:
    """Start ``ris demo`` on the tiny model, on a ROS domain of its own choice, writing to ``tmp_path/out``."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path, bundle: Path | None = BUNDLE) -> subprocess.Popen[str]:
        environment = {**os.environ, MARK: str(tmp_path)}
        del environment["ROS_DOMAIN_ID"]
        command = [
            sys.executable,
            "-m",
            "ris_ros.cli.main",
            "demo",
            "--out",
            str(tmp_path / "out"),
            *map(str, arguments),
        ]
        if bundle is not None:
            command += ["--model", str(bundle)]
            environment["RIS_TEXT_WEIGHTS"] = str(TEXT_WEIGHTS)
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def children(run: Path) -> dict[str, int]:
    """Module -> process of the children that a run has."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            module = re.search(rb"ris_ros\.ros\.\w+", (process / "cmdline").read_bytes())
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if module and f"{MARK}={run}".encode() in environment.split(b"\0"):
            found[module[0].decode()] = int(process.name)
    return found


def await_log(log: Path, text: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not (log.exists() and text in log.read_text()):
        assert time.monotonic() < end, f"'{text}' did not come in {log}"
        time.sleep(0.05)


@pytest.mark.ros
def test_camera_node_and_client_do_the_main_job(drive: Path, tmp_path: Path, demo: Run) -> None:
    (tmp_path / "out").mkdir()
    for name in ("holiday.jpg", "09a-an-older-command.jpg"):
        (tmp_path / "out" / name).touch()
    process = demo("--bag", drive, "--seconds", "4", "--backend", "onnx")
    stdout, stderr = process.communicate(timeout=60)
    out = tmp_path / "out"

    assert process.returncode == 0, stdout + stderr
    report = json.loads((out / "report.json").read_text())
    red, unicorn = report["commands"]
    assert (red["text"], unicorn["text"]) == (RED_BOX, UNICORN)
    assert {red["message"], unicorn["message"]} == {"ris_ros/Command", "std_msgs/String"}
    assert red["answered"] >= 6 and red["score"]["found"] == red["score"]["present"]
    assert red["score"]["mean_iou"] > 0.7
    assert unicorn["score"]["rejected"] == unicorn["score"]["absent"] >= 6
    counts = {name: int(value) for name, value in report["camera"].items() if value.isdigit()}
    assert 0 < counts["frames_in"] <= report["published"]
    assert counts["grounded"] + counts["dropped"] == counts["frames_in"]
    assert report["together_ms"]["count"] > 0
    assert report["plans"] == [] and report["planning_ms"] is None, "nobody knows where this camera is"
    assert "image to mask" in stdout and str(out / "overlays.jpg") in stdout
    assert (out / "holiday.jpg").exists(), "only what an earlier run wrote is removed"
    assert [cv2.imread(str(path)).shape[1::-1] for path in sorted(out.glob("0*.jpg"))] == [SIZE_PX] * 4
    assert children(tmp_path) == {}


@pytest.mark.ros
def test_a_node_that_cannot_be_configured_is_quoted(drive: Path, tmp_path: Path, demo: Run) -> None:
    process = demo("--bag", drive, "--backend", "tensorrt")
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "could not be configured" in stderr and "tensorrt" in stderr and "Traceback" not in stderr
    assert children(tmp_path) == {}


@pytest.mark.ros
def test_a_node_that_dies_in_the_middle_is_named(drive: Path, tmp_path: Path, demo: Run) -> None:
    process = demo("--bag", drive, "--seconds", "60")
    await_log(tmp_path / "out" / "logs" / "node.log", "Command ")
    os.kill(children(tmp_path)["ris_ros.ros.main"], signal.SIGKILL)
    _, stderr = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "The node was killed by SIGKILL" in stderr and "Command" in stderr
    assert children(tmp_path) == {}


@pytest.mark.ros
def test_a_signal_ends_the_run_with_all_its_children(drive: Path, tmp_path: Path, demo: Run) -> None:
    process = demo("--bag", drive, "--seconds", "60")
    await_log(tmp_path / "out" / "logs" / "camera.log", "Playing")
    assert set(children(tmp_path)) == {"ris_ros.ros.main", "ris_ros.ros.bag_camera"}
    process.terminate()
    process.communicate(timeout=30)

    assert process.returncode == 128 + signal.SIGTERM
    assert children(tmp_path) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--bag", "absent"), "There is no bag"),
        (("--bag", "{drive}", "--commands", "absent.txt"), "cannot be read"),
        (("--bag", "{drive}", "--seconds", "-1"), "must be positive"),
        (("--bag", "{drive}", "--rate", "nan"), "must be positive"),
        (("--bag", "{drive}", "--domain", "900"), "domain 900"),
        (("--bag", "{drive}", "--pose", "0 0 1.4"), "give 6 numbers"),
        (("--bag", "{drive}", "--backend", "tpu"), "Unknown backend 'tpu'"),
        (("--bag", "{drive}", "--model", "absent"), "absent"),
        (("--bag", "{drive}", "--out", "{drive}/metadata.yaml/out"), "choose another folder"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_2(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    given = [argument.format(drive=drive) for argument in arguments]
    code = main(["demo", "--out", str(tmp_path / "out"), *given])
    error = capsys.readouterr().err

    assert code == 2
    assert error.startswith("ris: ") and sentence in error and error.count("\n") == 1


def test_a_bag_that_nobody_knows_needs_commands(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(drive, tmp_path / "my_drive")

    assert main(["demo", "--bag", str(tmp_path / "my_drive"), "--out", str(tmp_path / "out")]) == 2
    assert "--commands FILE" in capsys.readouterr().err


@pytest.mark.ros
def test_the_shipped_sample_and_model_answer(tmp_path: Path, demo: Run) -> None:
    try:
        with open_bag(share_file("sample/drive")):
            Bundle.open(default_path()).load_text_encoder()
    except RisError as error:
        pytest.skip(f"the sample drive or the shipped model is not whole here: {error}")
    process = demo("--seconds", "9", bundle=None)
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 0, stdout + stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["engine"]["bundle"].startswith("street")
    assert len(report["commands"]) == len(list((tmp_path / "out").glob("[0-9][0-9]a-*.jpg")))
    assert (tmp_path / "out" / "overlays.jpg").is_file()
    assert [plan["text"] for plan in report["plans"]] == [command["text"] for command in report["commands"]]
    assert sum(plan["plans"] for plan in report["plans"]) >= len(report["plans"])
    assert report["planning_ms"]["count"] > 0 and (tmp_path / "out" / "plan.png").is_file()
