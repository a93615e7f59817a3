"""Curves that a robot can drive: a few pieces each, of one curvature or a turn on the spot, many curves at once.

A piece is a pair (length, turn): driving ``length`` while the heading changes evenly by ``turn``. With no turn it is
straight, with no length it is a turn on the spot. So one closed form gives every pose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WHOLE_TURN = 2.0 * math.pi
_ROUNDING = 1e-6
"""What differs by less, radians or radii, is the same, and a whole turn but for this is none: so much beside their
goals may curves end."""

_LEVER_M = 1.0
"""What lies this far from the turning point moves less than a step between two poses, on the spot too."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Curves of as many pieces each.

    Attributes:
        starts: float64 [n, 3]: x, y, yaw where each begins.
        lengths_m: float64 [n, pieces], not negative; infinite where there is no such curve.
        turns_rad: float64 [n, pieces], positive to the left.
    """

    starts: Array
    lengths_m: Array
    turns_rad: Array

    def __post_init__(self) -> None:
        if self.starts.ndim != 2 or self.starts.shape[1] != 3:
            raise ValueError("starts must be [n, 3]")
        if self.lengths_m.shape != self.turns_rad.shape or len(self.lengths_m) != len(self.starts):
            raise ValueError("lengths_m and turns_rad must be [n, pieces]")

    def __len__(self) -> int:
        return len(self.starts)

    def taken(self, which: NDArray[np.integer] | NDArray[np.bool_]) -> Curves:
        """Some of the curves."""
        return Curves(self.starts[which], self.lengths_m[which], self.turns_rad[which])

    @property
    def joints(self) -> Array:
        """float64 [n, pieces + 1, 3]: the poses at which pieces begin, and the last one's end."""
        joints = [self.starts]
        for piece in range(self.lengths_m.shape[1]):
            joints.append(moved(joints[-1], self.lengths_m[:, piece], self.turns_rad[:, piece]))
        return np.stack(joints, axis=1)

    def divided(self, step_m: float) -> Curves:
        """The same ways in curves of one piece each, none longer than ``step_m``."""
        counts = self._counts(step_m)
        ends, piece = self.poses(step_m)
        share = 1.0 / counts[piece][:, np.newaxis]
        lengths = self.lengths_m.ravel()[piece][:, np.newaxis] * share
        turns = self.turns_rad.ravel()[piece][:, np.newaxis] * share
        return Curves(moved(ends, -lengths[:, 0], -turns[:, 0]), lengths, turns)

    def _counts(self, step_m: float) -> NDArray[np.int64]:
        """int64 [curves * pieces]: into how many parts each piece is divided."""
        most = np.maximum(self.lengths_m, np.abs(self.turns_rad) * _LEVER_M).ravel()
        return np.ceil(most / step_m - 1e-9).astype(np.int64)

    def poses(self, step_m: float) -> tuple[Array, NDArray[np.int64]]:
        """Poses along the curves, at most ``step_m`` apart; the starts are left out, the ends are not.

        Returns:
            float64 [m, 3], curve after curve, and int64 [m]: the piece that each lies on, counted through all curves
            (curve * pieces + piece).
        """
        lengths, turns, counts = self.lengths_m.ravel(), self.turns_rad.ravel(), self._counts(step_m)
        piece = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(1, len(piece) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        share = place / counts[piece]
        begins = self.joints[:, :-1].reshape(-1, 3)
        return moved(begins[piece], lengths[piece] * share, turns[piece] * share), piece


def chained(start: Array, lengths_m: Array, turns_rad: Array) -> Curves:
    """Pieces [n] one after the other from a pose [3], as curves of one piece each; empty pieces are left out."""
    some = (lengths_m > 0.0) | (turns_rad != 0.0)
    lengths, turns = lengths_m[some], turns_rad[some]
    yaw = start[2] + np.cumsum(turns)
    begin_yaw = yaw - turns
    chord = lengths * np.sinc(turns / _WHOLE_TURN)
    middle = begin_yaw + turns / 2.0
    x = start[0] + np.cumsum(np.append(0.0, chord * np.cos(middle)))[:-1]
    y = start[1] + np.cumsum(np.append(0.0, chord * np.sin(middle)))[:-1]
    return Curves(np.stack([x, y, begin_yaw], axis=1), lengths[:, np.newaxis], turns[:, np.newaxis])


def moved(poses: Array, length_m: Array, turn_rad: Array) -> Array:
    """Where a piece leads to.

    Args:
        poses: float64 [n, 3]: x, y, yaw.
        length_m: [n], the length of the piece.
        turn_rad: [n], how far the heading turns along it.
    """
    half = turn_rad / 2.0
    chord = length_m * np.sinc(half / math.pi)
    heading = poses[:, 2] + half
    x, y = poses[:, 0] + chord * np.cos(heading), poses[:, 1] + chord * np.sin(heading)
    return np.stack([x, y, poses[:, 2] + turn_rad], axis=1)


def shortest(starts: Array, goals: Array, turning_radius_m: float) -> Curves:
    """The shortest way forward from each start to its goal, were nothing in the way.

    Args:
        starts: float64 [n, 3].
        goals: float64 [n, 3].
        turning_radius_m: Of the tightest turn; 0 for a robot that turns on the spot: it turns, drives, turns.
    """
    if turning_radius_m == 0.0:
        return _turn_drive_turn(starts, goals)
    return _dubins(starts, goals, turning_radius_m)


def _turn_drive_turn(starts: Array, goals: Array) -> Curves:
    offset = goals[:, :2] - starts[:, :2]
    distance = np.hypot(offset[:, 0], offset[:, 1])
    # Where there is nowhere to drive to, a direction of rounding errors would make two turns of one.
    driven = distance > 1e-9
    direction = np.where(driven, np.arctan2(offset[:, 1], offset[:, 0]), starts[:, 2])
    first, last = _half_turn(direction - starts[:, 2]), _half_turn(goals[:, 2] - direction)
    still = np.zeros(len(starts))
    lengths = np.stack([still, np.where(driven, distance, 0.0), still], axis=1)
    return Curves(starts, lengths, np.stack([first, still, last], axis=1))


def _dubins(starts: Array, goals: Array, radius_m: float) -> Curves:
    """L. E. Dubins, On curves of minimal length with a constraint on average curvature (1957).

    Three of the six words begin to the left; the other three are the same words in the mirrored world. Each is read
    off the centres of the circles that it turns on, in units of the radius and in the frame of its start.
    """
    cos, sin = np.cos(starts[:, 2]), np.sin(starts[:, 2])
    dx, dy = ((goals - starts)[:, :2] / radius_m).T
    side = np.array([[1.0], [-1.0]])
    x = np.broadcast_to(cos * dx + sin * dy, (2, len(starts)))
    y = side * (cos * dy - sin * dx)
    yaw = side * (goals[:, 2] - starts[:, 2])
    # The start turns left about (0, 1), the goal left or right about:
    left, right = (x - np.sin(yaw), y + np.cos(yaw) - 1.0), (x + np.sin(yaw), y - np.cos(yaw) - 1.0)
    apart_left, apart_right = np.hypot(*left), np.hypot(*right)
    to_left, to_right = np.arctan2(left[1], left[0]), np.arctan2(right[1], right[0])
    # On one and the same circle the direction to the other is made of rounding errors, which may cost a whole turn.
    to_left = np.where(apart_left < _ROUNDING, 0.0, to_left)

    lsl = (_turn(to_left), apart_left, _turn(yaw - to_left))
    crossing = np.sqrt(np.maximum(apart_right**2 - 4.0, 0.0))
    heading = to_right + np.arctan2(2.0, crossing)
    lsr = (_turn(heading), np.where(apart_right >= 2.0 - _ROUNDING, crossing, np.inf), _turn(heading - yaw))
    lean = np.arccos(np.minimum(apart_left / 4.0, 1.0))
    middle = np.where(apart_left <= 4.0 + _ROUNDING, math.pi + 2.0 * lean, np.inf)
    lrl = (_turn(to_left + lean + math.pi / 2.0), middle, _turn(yaw - to_left + lean + math.pi / 2.0))

    words = np.array([lsl, lsr, lrl])  # word, piece, side, curve
    length = words.sum(axis=1).reshape(6, -1)
    best = np.argmin(length, axis=0)
    chosen = words.transpose(0, 2, 1, 3).reshape(6, 3, -1)[best, :, np.arange(len(starts))]
    signs = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, -1.0], [1.0, -1.0, 1.0]])
    turns = np.stack([signs, -signs], axis=1).reshape(6, 3)[best] * chosen
    return Curves(starts, chosen * radius_m, turns)


def _turn(angle_rad: Array) -> Array:
    """An angle as a turn to the left, 0 to 2 pi; what is a whole turn but for rounding is none."""
    turn = np.mod(angle_rad, _WHOLE_TURN)
    turn[turn > _WHOLE_TURN - _ROUNDING] = 0.0
    return turn


def _half_turn(angle_rad: Array) -> Array:
    """An angle as a turn to the nearer side, -pi to pi; none but for rounding is none."""
    turn: Array = np.mod(angle_rad + math.pi, _WHOLE_TURN) - math.pi
    turn[np.abs(turn) < _ROUNDING] = 0.0
    return turn
