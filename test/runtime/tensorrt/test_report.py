from __future__ import annotations

import json

import numpy as np
import pytest

from ris_ros.errors import BackendError
from ris_ros.runtime import parity
from ris_ros.runtime.parity import LIMITS, Parity, compare
from ris_ros.runtime.tensorrt.report import BuildReport, count_layers
from ris_ros.types import GroundOutput


def output(shift: float = 0.0) -> GroundOutput:
    maps = np.full((2, 16, 24), -4.0, np.float32)
    maps[:, 4:12, 4:14] = 4.0
    return GroundOutput(maps + np.float32(shift), -maps, np.zeros(2, np.float32))


def test_equal_answers_are_within_every_limit() -> None:
    found = compare(output(), output())
    assert (found.error, found.existence, found.iou, found.mean_iou) == (0.0, 0.0, 1.0, 1.0)
    assert (found.masks, found.answers) == (4, 2)
    assert all(found.within(limit) for limit in LIMITS.values())


def test_a_moved_mask_and_a_number_that_is_none_are_refused() -> None:
    moved = output()
    moved.object_logits[0] = np.roll(moved.object_logits[0], 5, axis=1)
    with pytest.raises(BackendError, match="does not answer as ONNX Runtime"):
        parity.require(compare(output(), moved), "int8", "TensorRT")
    broken = output()
    broken.existence_logit[1] = np.nan
    assert not compare(output(), broken).within(LIMITS["int8"])


def test_layers_are_counted_by_their_narrowest_input() -> None:
    layers = [
        {"Name": "a", "Inputs": [{"Format/Datatype": "Row major linear FP32"}, {"Format/Datatype": "INT8 NC/32HW32"}]},
        {"Name": "b", "Inputs": [{"Format/Datatype": "Half"}]},
        {"Name": "c", "Precision": "FP16"},
        {"Name": "d", "Inputs": [], "Outputs": [{"Format/Datatype": "Float"}]},
        {"Name": "e"},
        "only a name",
    ]
    assert count_layers(json.dumps({"Layers": layers})) == {"int8": 1, "fp16": 2, "fp32": 1, "unknown": 2}


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"Layers": 3}', "no json"])
def test_what_the_inspector_does_not_say_is_not_made_up(text: str) -> None:
    assert count_layers(text) == {}


def test_a_report_survives_the_cache() -> None:
    report = BuildReport(
        "10.3.0", "Orin", "fp16", {"fp16": 3, "fp32": 1}, Parity(0.001, 0.002, 0.99, 0.995, 12, 6), 93.5, 512
    )
    again = BuildReport.from_json(json.loads(json.dumps(report.to_json())))
    assert (again, str(again)) == (report, str(report))
    assert "3 fp16, 1 fp32" in str(report) and "0.990" in str(report)
