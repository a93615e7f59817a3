from __future__ import annotations

import re

import cv2
import pytest

from ris_ros.ros import decode_trial


@pytest.fixture(autouse=True)
def as_many_threads_as_before() -> object:
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


def test_every_way_of_decoding_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert decode_trial.main(["--width", "640", "--height", "480", "--runs", "2"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith("640x480 to 512x384")
    assert {row.split()[0] for row in rows} >= {"bgr8", "nv12", "uyvy", "bayer_rggb8", "rgb16", "jpeg"}
    assert all(re.search(r"straight +\d+\.\d\d ms +whole, then shrunk +\d+\.\d\d ms$", row) for row in rows)
