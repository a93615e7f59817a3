"""How far off the ground is that pixels are given, as a share of its range, when the camera's pitch is off.

Against the depth of rendered pictures, and beside it what :class:`~ris_ros.geometry.viewpoint.Viewpoint` states:

    ris data render --out scenes --count 300
    python -m ris_ros.evaluation.ground_error scenes
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.dataset import SceneSet
from ris_ros.errors import DataError, RisError
from ris_ros.evaluation.projection import RANGES_M, Projected
from ris_ros.evaluation.true_ground import exact_viewpoint

PITCH_ERRORS_DEG: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class GroundError:
    """Of many pixels, under one error of the pitch, half of them with it upwards and half downwards.

    Attributes:
        pitch_error_rad: What the pitch was off by.
        range_m: float64 [n], true range of the pixels' ground.
        measured: float64 [n], distance between the place that is said and the true one, as a share of the range; inf
            where ground is taken for sky.
        stated: float64 [n], the share that the formula gives for this error.
    """

    pitch_error_rad: float
    range_m: NDArray[np.float64]
    measured: NDArray[np.float64]
    stated: NDArray[np.float64]

    def row(self, values: NDArray[np.float64], quantile: float) -> list[float]:
        """A quantile of ``measured`` or ``stated`` in each bin of :data:`RANGES_M`, and at last of all; NaN: none."""
        place = np.searchsorted(RANGES_M, self.range_m)
        bins = [values[place == index] for index in range(len(RANGES_M))]
        # The lower of two neighbours, for the upper may be infinite.
        parts = [np.sort(part) for part in (*bins, values)]
        return [float(part[int(quantile * (len(part) - 1))]) if len(part) else math.nan for part in parts]


def measure_ground_error(scenes: SceneSet, pitch_errors_rad: Sequence[float]) -> list[GroundError]:
    """Measure on road pixels of every picture, the same for each error.

    Args:
        scenes: The pictures, written with their geometry.
        pitch_errors_rad: What the pitch is off by, up and down.

    Raises:
        DataError: A picture was written without its geometry.
    """
    parts: list[list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]]
    parts = [[] for _ in pitch_errors_rad]
    for index, frame in enumerate(scenes.frames):
        geometry = scenes.geometry(index)
        if geometry is None:
            raise DataError(f"Scene {frame} has no geometry: render it again with `ris data render`.")
        image, viewpoint = scenes.read(index), exact_viewpoint(geometry.camera, RANGES_M[-1])
        height = viewpoint.height_m
        for part, error in zip(parts, pitch_errors_rad, strict=True):
            for off in (error, -error):
                rng = np.random.default_rng(index)
                seen = Projected.of(image, geometry, viewpoint, rng, off)
                part.append((seen.range_m, seen.error, error * (height**2 + seen.range_m**2) / (height * seen.range_m)))
    return [
        GroundError(error, *(np.concatenate(values) for values in zip(*part, strict=True)))
        for part, error in zip(parts, pitch_errors_rad, strict=True)
    ]


def table(errors: Sequence[GroundError]) -> str:
    """The figures as aligned text, percent of the range."""
    ends = [f"to {end_m:.0f} m" for end_m in RANGES_M]
    lines = [f"{'pitch off by':16}{'':18}" + "".join(f"{head:>9}" for head in (*ends, "all"))]
    for error in errors:
        name = f"{math.degrees(error.pitch_error_rad):g} deg"
        rows = {"median": (error.measured, 0.5), "95 %": (error.measured, 0.95), "formula, median": (error.stated, 0.5)}
        for label, (values, quantile) in rows.items():
            shares = "".join(f"{100 * share:8.2f}%" for share in error.row(values, quantile))
            lines.append(f"{name:16}{label:18}{shares}")
            name = ""
    pixels = len(errors[0].range_m) // 2 if errors else 0
    return "\n".join([f"{pixels} pixels of road", *lines])


def main() -> int:
    """Print the table for a folder of scenes."""
    parser = argparse.ArgumentParser(prog="python -m ris_ros.evaluation.ground_error", description=__doc__)
    parser.add_argument("scenes", type=Path, metavar="DIR", help="what `ris data render` wrote")
    args = parser.parse_args()
    try:
        errors = measure_ground_error(SceneSet(args.scenes), [math.radians(error) for error in PITCH_ERRORS_DEG])
    except RisError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(errors))
    return 0


if __name__ == "__main__":
    sys.exit(main())
