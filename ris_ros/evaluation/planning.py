"""Plans on rendered pictures, held against the exact ground: what ``ris plan --measure`` reports."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.expressions.generate import KINDS
from ris_ros.data.expressions.manoeuvres import REGION_KINDS
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.dataset import SceneSet
from ris_ros.data.scenes.geometry import Geometry
from ris_ros.errors import DataError
from ris_ros.evaluation.planning_trial import Eyes, Glance, Trial, try_commands
from ris_ros.evaluation.projection import Projected, ProjectionFigures
from ris_ros.evaluation.true_ground import TrueGround
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.planning.planner import Planner, Robot

GOAL_IN_REGION: float = 0.90
"""Least share of feasible commands whose goal lies in the true region."""

PATH_CLEAR: float = 0.98
"""Least share of paths on which the robot touches nothing and stays on the road."""

PROJECTION_ERROR: float = 0.03
"""Largest median error of places on the ground, as a share of the range."""

PITCH_ERROR_DEG: float = 1.0

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NOT_REGIONS = frozenset(KINDS) - frozenset(REGION_KINDS)


@dataclass(frozen=True, slots=True)
class Course:
    """What to plan.

    Attributes:
        count: Pictures, evenly spread; None for all.
        commands_per_image: Sentences on each, where the scene offers as many.
        seed: The same seed writes the same.
        before: How many pictures of its ride the robot has seen before the one on which it is told something.
    """

    count: int | None
    commands_per_image: int
    seed: int
    before: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything that was found.

    Attributes:
        trials: One per command.
        exact: Of projection with the true camera.
        tilted: With the camera believed to look :data:`PITCH_ERROR_DEG` lower than it does.
    """

    trials: tuple[Trial, ...]
    exact: ProjectionFigures
    tilted: ProjectionFigures


def measure(
    scenes: SceneSet,
    course: Course,
    eyes: Eyes,
    robot: Robot,
    grid: Grid,
    make_planner: Callable[[], Planner],
    make_viewpoint: Callable[[Geometry], Viewpoint],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Measured:
    """Plan commands on rendered pictures.

    Args:
        scenes: The pictures.
        course: Which, and what to say.
        eyes: What answers.
        robot: What is driven.
        grid: Cells of its map.
        make_planner: A planner for this robot that has seen nothing, and believes a single picture.
        make_viewpoint: The camera of a picture, over its own ground frame.
        progress: Called with (pictures done, pictures in all).

    Raises:
        DataError: A picture was written without its geometry, or too few have pictures before them.
        BackendError: The model fails.
    """
    trials: list[Trial] = []
    exact: list[Projected] = []
    tilted: list[Projected] = []
    told = [index for index in range(len(scenes)) if _rides(scenes, index, course.before)]
    if not told:
        raise DataError(f"No frame comes {course.before} frames into a ride: render rides with `ris data render`.")
    count = len(told) if course.count is None else min(course.count, len(told))
    picked = np.linspace(0, len(told) - 1, count).round().astype(int)
    for done, index in enumerate((told[place] for place in picked.tolist()), start=1):
        views = [_seen(scenes, one, grid, make_viewpoint) for one in range(index - course.before, index + 1)]
        image, geometry, ground = views[-1].image, views[-1].geometry, views[-1].ground
        viewpoint = views[-1].glance.view.viewpoint
        rng = np.random.default_rng([course.seed, index])
        exact.append(Projected.of(image, geometry, viewpoint, rng))
        tilted.append(Projected.of(image, geometry, viewpoint, rng, math.radians(PITCH_ERROR_DEG)))
        glances = [one.glance for one in views]
        trials += try_commands(glances, ground, commands_on(image, course, index), eyes, make_planner(), robot)
        progress(done, count)
    return Measured(tuple(trials), ProjectionFigures.over(exact), ProjectionFigures.over(tilted))


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """One picture with its truth, as the robot and as we know it."""

    image: LabeledImage
    geometry: Geometry
    ground: TrueGround
    glance: Glance


def _seen(scenes: SceneSet, index: int, grid: Grid, make_viewpoint: Callable[[Geometry], Viewpoint]) -> _Seen:
    geometry = scenes.geometry(index)
    if geometry is None:
        raise DataError(f"Scene {scenes.frames[index]} has no geometry: render it again with `ris data render`.")
    image = scenes.read(index)
    ground = TrueGround(image, geometry)
    view = BirdsEye(make_viewpoint(geometry), grid)
    (x, y, _), yaw = geometry.camera.position_m, geometry.camera.yaw
    fixed_from_base = RigidTransform.from_xyz_rpy((x, y, 0.0), 0.0, 0.0, yaw)
    stamp_ns = 1_000_000_000 + round((scenes.seconds(index) or 0.0) * 1e9)
    return _Seen(image, geometry, ground, Glance(image, view, fixed_from_base, stamp_ns))


def _rides(scenes: SceneSet, index: int, before: int) -> bool:
    """Whether so many pictures of its ride come before one; true of every picture where none are wanted."""
    if not before:
        return True
    ride = scenes.frames[index].rpartition("-")[0]
    return index >= before and bool(ride) and scenes.frames[index - before].rpartition("-")[0] == ride


def commands_on(image: LabeledImage, course: Course, index: int) -> list[Expression]:
    """The sentences that send the robot somewhere on picture ``index``."""
    rng = np.random.default_rng([course.seed, index])
    return generate(image, rng, course.commands_per_image, split="all", exclude_kinds=_NOT_REGIONS)


def planning_figures(measured: Measured) -> dict[str, Any]:
    """All figures as plain values."""
    trials = measured.trials
    kinds = sorted({trial.kind for trial in trials})
    return {
        "all": _figures(trials),
        "kinds": {kind: _figures([t for t in trials if t.kind == kind]) for kind in kinds},
        "no_goal_reasons": _reasons([t for t in trials if t.feasible and t.goal is None]),
        "no_path_reasons": _reasons([t for t in trials if t.feasible and t.goal is not None and t.path_m is None]),
        "projection": {
            "exact": asdict(measured.exact),
            f"pitch_off_by_{PITCH_ERROR_DEG:g}_deg_downwards": asdict(measured.tilted),
        },
        "median_ms": {
            "map": _median([t.see_ms for t in trials]),
            "goal": _median([t.goal_ms for t in trials if t.goal is not None]),
            "path": _median([t.path_ms for t in trials if t.path_ms is not None]),
        },
        "bars": {
            "goal_in_region": GOAL_IN_REGION,
            "goals_touching": 0,
            "path_clear": PATH_CLEAR,
            "projection_median": PROJECTION_ERROR,
        },
    }


def _figures(trials: Sequence[Trial]) -> dict[str, Any]:
    feasible = [trial for trial in trials if trial.feasible]
    goals = [trial for trial in trials if trial.goal is not None]
    paths = [trial for trial in trials if trial.path_m is not None]
    return {
        "commands": len(trials),
        "feasible": len(feasible),
        "goal_in_region": _share([t.goal_in_region for t in feasible]),
        "goal_given": _share([t.goal is not None for t in feasible]),
        "path_given": _share([t.path_m is not None for t in feasible]),
        "goals": len(goals),
        "goals_touching": sum(t.goal_touches for t in goals),
        "goals_off_road": sum(t.goal_off_road for t in goals),
        "goal_outline_in_region": _mean([t.goal_share for t in goals if t.feasible]),
        "paths": len(paths),
        "paths_touching": sum(t.path_touches for t in paths),
        "paths_off_road": sum(t.path_off_road for t in paths),
        "path_clear": _share([not (t.path_touches or t.path_off_road) for t in paths]),
    }


def planning_table(figures: dict[str, Any]) -> str:
    """The figures that :func:`planning_figures` gives, as aligned text."""
    head = f"{'':14}{'said':>6}{'fits':>6}{'in region':>11}{'goal':>9}{'path':>9}{'touch':>7}{'clear':>9}"
    rows = [(name, figures["kinds"][name]) for name in figures["kinds"]] + [("all", figures["all"])]
    lines = [head]
    for name, part in rows:
        lines.append(
            f"{name:14}{part['commands']:6}{part['feasible']:6}{_percent(part['goal_in_region']):>11}"
            f"{_percent(part['goal_given']):>9}{_percent(part['path_given']):>9}{part['goals_touching']:7}"
            f"{_percent(part['path_clear']):>9}"
        )
    everything, bars = figures["all"], figures["bars"]
    lines += [
        "",
        "said: commands; fits: feasible ones, whose true region has room for the robot on free ground; of these the"
        " share with the goal in the true region, with any goal, and with a path; touch: goals at which the robot"
        " touches something; clear: share of paths that touch nothing and stay on the true road",
        "",
        _judged("goal in the region", everything["goal_in_region"], bars["goal_in_region"]),
        f"goals in an obstacle: {everything['goals_touching']} of {everything['goals']} (bar 0); a part of the robot"
        f" off the road at {everything['goals_off_road']}",
        _judged("path clear", everything["path_clear"], bars["path_clear"])
        + f" ({everything['paths']} paths, {everything['paths_touching']} touch something,"
        f" {everything['paths_off_road']} leave the road)",
    ]
    for name, part in figures["projection"].items():
        bins = ", ".join(f"to {end} m {_percent(value, 2)}" for end, value in part["median_to_m"].items())
        bar = f" (bar {_percent(bars['projection_median'])})" if name == "exact" else ""
        lines.append(
            f"projection, {name.replace('_', ' ')}: median {_percent(part['median'], 2)} of range{bar}; {bins}"
        )
    lines.append(
        "median ms: " + ", ".join(f"{name} {value:.1f}" for name, value in figures["median_ms"].items() if value)
    )
    for title, key in (("no goal", "no_goal_reasons"), ("no path", "no_path_reasons")):
        if figures[key]:
            lines += ["", f"{title} though feasible:"]
            lines += [f"{count:6}  {reason}" for reason, count in figures[key].items()]
    return "\n".join(lines)


def _reasons(trials: Sequence[Trial]) -> dict[str, int]:
    """How often each reason was given, the commonest first; numbers in them are not told apart."""
    return dict(Counter(_NUMBER.sub("..", trial.reason) for trial in trials).most_common())


def _judged(name: str, value: float | None, bar: float) -> str:
    verdict = "" if value is None else (", reached" if value >= bar else ", below")
    return f"{name}: {_percent(value)} (bar {_percent(bar)}{verdict})"


def _percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{100.0 * value:.{digits}f} %"


def _share(hits: Sequence[bool]) -> float | None:
    return float(np.mean(hits)) if hits else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
