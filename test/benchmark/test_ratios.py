"""The file of ratios, and fresh ones held against it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ris_ros.benchmark.ratios import FreshRatio, RatiosFile, check, fresh_ratios, updated
from ris_ros.benchmark.scaling import Curve
from ris_ros.benchmark.timing import Ratio
from ris_ros.errors import DataError

KIND = "onnx-fp32"


def fresh(value, bad="higher"):
    return FreshRatio(Ratio(value, value, value, 9), bad, "this / that")


def file(**ratios):
    return RatiosFile.model_validate(
        {
            "kinds": {
                KIND: {
                    n: {"value": v, "tolerance": 0.5, "bad": b, "what": "this / that"} for n, (v, b) in ratios.items()
                }
            }
        }
    )


@pytest.mark.parametrize(
    ("value", "bad", "now", "holds"),
    [
        (2.0, "higher", 2.9, True),
        (2.0, "higher", 3.1, False),
        (2.0, "higher", 0.1, True),
        (6.0, "lower", 4.1, True),
        (6.0, "lower", 3.9, False),
        (6.0, "lower", 60.0, True),
    ],
)
def test_only_the_bad_direction_counts(value, bad, now, holds):
    (verdict,) = check({"r": fresh(now, bad)}, file(r=(value, bad)), KIND)
    assert verdict.holds is holds
    assert ("is worse than" in verdict.sentence) is not holds
    assert f"{now:.2f}" in verdict.sentence


def test_slack_widens_the_tolerance():
    assert check({"r": fresh(3.9)}, file(r=(2.0, "higher")), KIND, slack=2.0)[0].holds


def test_what_only_one_side_has_is_passed_over():
    verdicts = check({"r": fresh(1.0), "mine": fresh(9.0)}, file(r=(1.0, "higher"), theirs=(1.0, "higher")), KIND)
    assert [verdict.name for verdict in verdicts] == ["r"]


@pytest.mark.parametrize(("kind", "message"), [("tensorrt-fp16", "not tensorrt-fp16"), (KIND, "None of the ratios")])
def test_nothing_to_compare_is_said(kind, message):
    with pytest.raises(DataError, match=message):
        check({"other": fresh(1.0)}, file(r=(1.0, "higher")), kind)


def test_writing_keeps_other_kinds_other_ratios_and_tolerances(tmp_path):
    path = tmp_path / "ratios.json"
    path.write_bytes(file(old=(5.0, "higher"), r=(2.0, "higher")).dumped())
    path.write_bytes(updated(path, KIND, {"r": fresh(3.0)}).dumped())
    path.write_bytes(updated(path, "openvino-bf16", {"r": fresh(4.0)}).dumped())
    kinds = RatiosFile.read(path).kinds
    assert kinds[KIND]["r"].value == 3.0 and kinds[KIND]["r"].tolerance == 0.5
    assert kinds[KIND]["old"].value == 5.0
    assert kinds["openvino-bf16"]["r"].value == 4.0


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "[1]",
        "[" * 100_000,
        '{"kinds": {"k": {"r": {"value": -1}}}}',
        json.dumps({"schema_version": 2, "kinds": {}}),
    ],
)
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "ratios.json"
    path.write_text(content)
    with pytest.raises(DataError, match="is no file of"):
        RatiosFile.read(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        RatiosFile.read(tmp_path / "none.json")


def test_ratios_come_from_the_ends_of_the_curves():
    def curve(**points):
        return Curve("t", "a", {name.strip("_"): np.full(5, float(ms)) for name, ms in points.items()})

    found = fresh_ratios(
        {
            "ground": curve(_1=1, _16=8),
            "cameras": curve(_1=2, _6=11),
            "commands": curve(_1=3, _16=9),
            "commands_whole": curve(_1=4, _16=14),
            "parts": curve(vision=2, ground=1),
            "sizes": curve(large=10, small=4),
        },
        None,
        {"lavt": Ratio(20.0, 18.0, 22.0, 5)},
    )
    assert {name: one.ratio.median for name, one in found.items()} == {
        "ground_16_commands_to_1": 8.0,
        "model_16_commands_to_1": 3.0,
        "whole_16_commands_to_1": 3.5,
        "vision_6_cameras_to_1": 5.5,
        "ground_to_vision": 0.5,
        "model_small_to_large": 0.4,
        "times_faster_than_lavt": 20.0,
    }
    assert {name for name, one in found.items() if one.bad == "lower"} == {"times_faster_than_lavt"}
