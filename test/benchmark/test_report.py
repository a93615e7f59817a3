"""Tables, plot and bars of a run's figures."""

from __future__ import annotations

import copy

import pytest

from ris_ros.benchmark.bars import BARS, judge
from ris_ros.benchmark.report import Table, tables

TIMING = {
    "runs": 40,
    "p50_ms": 8.0,
    "p99_ms": None,
    "p99_9_ms": None,
    "max_ms": 9.0,
    "first_ms": 30.0,
    "per_s": 120.0,
    "cpu_percent": 190.0,
    "peak_mb": 300.0,
    "joules_per_call": 0.05,
    "gc_collections": 1,
}


def curve(*points):
    return {
        "title": "t",
        "axis": "a",
        "points": [{"at": a, "p50_ms": m, "times_first": t} for a, m, t in points],
        "rounds": 5,
    }


RUN = {
    "environment": {
        **dict.fromkeys(("bundle", "backend", "precision", "device", "cpu"), "x"),
        **dict.fromkeys(("board", "governor"), None),
        "threads": 2,
        "cores": 2,
        "load_average": [0.1, 0.2, 0.3],
        "libraries": {"numpy": "2"},
        "garbage_collector": {"enabled": True},
        "energy": "nothing measures it",
    },
    "stages": {
        "input_size_px": [480, 288],
        "stages": {"vision and ground, 1 command": TIMING},
        "whole": [
            {
                **TIMING,
                "image_size_px": [1280, 720],
                "input_size_px": [512, 288],
                "stages": {"vision": {"p50_ms": 5.0, "p99_ms": None, "p99_9_ms": None}},
                "not_model_share": 0.2,
            }
        ],
    },
    "vision_looks_at_6_cameras": 1,
    "scaling": {
        "commands": curve(("1", 8.0, 1.0), ("16", 24.0, 3.0)),
        "commands_whole": curve(("1", 10.0, 1.0), ("16", 35.0, 3.5)),
    },
    "peers": [
        {
            "peer": name,
            "help": "a peer",
            "runtime": "OpenVINO bf16",
            "tried_ms": {"OpenVINO bf16": 60.0},
            "input_size_px": [480, 288],
            "ours_ms": 8.0,
            "peer_ms": 80.0,
            "times_faster": {"median": times, "low": 9.0, "high": 11.0, "rounds": 9},
            "text_ms": 9.0,
            "about": {"parameters": 150e6, "gmacs": {"image": 46.0}},
        }
        for name, times in (("clipseg", 7.0), ("lavt", 30.0))
    ],
    "dds": {
        "label": "1280x720 bgr8",
        "size_px": [1280, 720],
        "rate_hz": 30,
        "compressed": False,
        "best_effort": False,
        "mask_size": "image",
        "frames": 10_000,
        "p50_ms": 20.0,
        "p99_ms": 40.0,
        "p99_9_ms": 60.0,
        "grounded_per_s": 30.0,
        "arrived": 10_003,
        "grounded": 10_000,
        "dropped": {"replaced": 3},
        "not_model_share": 0.24,
        "cpu_percent": 80.0,
        "memory_peak_mb": 500.0,
        "memory_mb": [500.0, 500.0],
        "memory": {"before_mb": 499.0, "after_mb": 500.0, "grows": False, "verdict": "no growth: 499 MB to 500 MB"},
        "stages_ms": {"vision": [5.0, 9.0]},
    },
    "start": {"cold_s": 4.0, "warm_s": 2.0, "warm_starts_s": [2.0]},
}


def test_a_run_that_measured_everything_meets_every_bar_here():
    assert {result.name: result.met for result in judge(RUN)} == {bar.name: True for bar in BARS}


@pytest.mark.parametrize(
    ("bar", "path", "value"),
    [
        ("model", ("stages", "stages", "vision and ground, 1 command", "p50_ms"), 25.1),
        ("dds_p50", ("dds", "p50_ms"), 45.1),
        ("dds_p99", ("dds", "p99_ms"), 90.1),
        ("dds_rate", ("dds", "grounded_per_s"), 19.9),
        ("commands", ("scaling", "commands", "points", 1, "times_first"), 4.1),
        ("commands_whole", ("scaling", "commands_whole", "points", 1, "times_first"), 4.1),
        ("cameras", ("vision_looks_at_6_cameras",), 2),
        ("clipseg", ("peers", 0, "times_faster", "median"), 2.9),
        ("lavt", ("peers", 1, "times_faster", "median"), 9.9),
        ("start", ("start", "warm_s"), 3.1),
        ("memory", ("dds", "memory_peak_mb"), 701.0),
        ("growth", ("dds", "memory", "after_mb"), 510.0),
        ("not_model", ("stages", "whole", 0, "not_model_share"), 0.26),
        ("not_model_dds", ("dds", "not_model_share"), 0.26),
    ],
)
def test_each_bar_fails_by_its_own_figure_alone(bar, path, value):
    run = copy.deepcopy(RUN)
    place = run
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert [result.name for result in judge(run) if result.met is False] == [bar]


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"stages": None}, {"model", "not_model"}),
        ({"scaling": None}, {"commands", "commands_whole"}),
        ({"peers": []}, {"clipseg", "lavt"}),
        ({"start": None}, {"start"}),
        ({"dds": None}, {"dds_p50", "dds_p99", "dds_rate", "memory", "growth", "not_model_dds"}),
        ({"dds": {**RUN["dds"], "memory": {**RUN["dds"]["memory"], "grows": None}}}, {"growth"}),
        *(
            ({"dds": {**RUN["dds"], **other}}, {"dds_p50", "dds_p99", "dds_rate", "memory", "not_model_dds"})
            for other in ({"size_px": [640, 480]}, {"compressed": True}, {"mask_size": "network"})
        ),
        ({"stages": {**RUN["stages"], "input_size_px": [512, 384]}}, {"model"}),
    ],
)
def test_what_was_not_measured_is_neither_met_nor_missed(change, unknown):
    assert {result.name for result in judge({**RUN, **change}) if result.met is None} == unknown


def test_every_part_becomes_a_table():
    run = {**RUN, "bars": [result.figures() for result in judge(RUN)], "not_measured": {"peers": "no room"}}
    text = "\n".join(table.text() for table in tables(run))
    for part in ("Measured on", "Stages, network input 480x288", "Against peers", "Through DDS", "first mask", "Bars"):
        assert part in text
    assert "NOT MET" not in text and "replaced 3" in text and "no room" in text
    assert "only its speed" in text.lower()
    assert tables({"environment": RUN["environment"]})[0].title == "Measured on"


def test_a_table_is_aligned_and_a_page_has_as_many_cells_in_each_row():
    table = Table("T", ("name", "ms"), (("a", "1.0"), ("longer", "10.0")), ("note",))
    assert table.text().splitlines() == ["T", "  name      ms", "  a        1.0", "  longer  10.0", "  note"]
    rows = [line for line in table.markdown().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {3} and rows[1] == "| --- | ---: |"


def test_curves_and_memory_are_drawn():
    pytest.importorskip("matplotlib")
    from ris_ros.benchmark.plots import draw

    assert draw(RUN).startswith(b"\x89PNG")
    assert draw({"environment": {}}) is None
