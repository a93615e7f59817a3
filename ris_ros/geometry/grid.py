"""A grid of square cells on the ground, laid out as nav_msgs/OccupancyGrid lays it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells along the x and y axes of a frame; rows run along y, columns along x.

    Attributes:
        resolution_m: Side of a cell.
        size_cells: (columns, rows): cells along x and along y.
        origin_m: (x, y) of the outer corner of the cell in row 0, column 0, the one with the smallest x and y.
    """

    resolution_m: float
    size_cells: tuple[int, int]
    origin_m: tuple[float, float]

    def __post_init__(self) -> None:
        if not self.resolution_m > 0.0:
            raise ValueError("resolution_m must be positive")
        if min(self.size_cells) < 1:
            raise ValueError("size_cells must be positive")

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of an array over the grid."""
        return self.size_cells[1], self.size_cells[0]

    def centres_m(self) -> NDArray[np.float64]:
        """float64 [rows, columns, 2]: x and y of every cell's middle."""
        columns, rows = self.size_cells
        x = self.origin_m[0] + (np.arange(columns) + 0.5) * self.resolution_m
        y = self.origin_m[1] + (np.arange(rows) + 0.5) * self.resolution_m
        return np.stack(np.meshgrid(x, y), axis=2)

    def cells_of(self, xy_m: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """The cells that points lie in.

        Args:
            xy_m: [..., 2].

        Returns:
            Rows, columns, and whether these lie in the grid, each [...]; not finite points lie outside, at 0, 0.
        """
        with np.errstate(invalid="ignore"):
            steps = np.floor((np.asarray(xy_m, np.float64) - self.origin_m) / self.resolution_m)
            inside: NDArray[np.bool_] = np.asarray(((steps >= 0) & (steps < self.size_cells)).all(axis=-1))
        cells = np.where(inside[..., np.newaxis], steps, 0).astype(np.int64)
        return cells[..., 1], cells[..., 0], inside

    def points_m(self, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> NDArray[np.float64]:
        """float64 [..., 2]: x and y of the middles of these cells."""
        cells = np.stack([columns, rows], axis=-1)
        points: NDArray[np.float64] = np.asarray(self.origin_m) + (cells + 0.5) * self.resolution_m
        return points
