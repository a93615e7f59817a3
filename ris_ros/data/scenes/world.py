"""What a scene is: a street, things on it, light; metres, in one frame (x along the street, y left, z up)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.scenes.material import Rgb
from ris_ros.data.scenes.mesh import Mesh

ACROSS_FROM_M = 4.0
BAY_M = 2.6
"""Width of a bay in which one parks across the street."""
_Float = TypeVar("_Float", np.float32, np.float64)


@dataclass(frozen=True, slots=True)
class Street:
    """Layout of the carriageway in street coordinates: s along its middle, d to the left of it.

    Attributes:
        lanes_right, lanes_left: Lanes at negative and at positive d.
        lane_m: Width of a lane.
        parking_right_m, parking_left_m: Width of a parking strip between lanes and kerb, 0 for none; from
            :data:`ACROSS_FROM_M` on one parks across the street.
        sidewalk_m: Width of the pavement on either side.
        bend_per_m: Curvature at the origin, positive to the left; y = bend s^2 / 2.
        right_hand_traffic: Whether one drives at negative d.
        junction_s_m: Middle of a crossing street, or None.
        junction_m: Width of that street.
        crossing_sides: ``both`` for a crossroads; ``left`` or ``right`` where the other street ends at this one.
        zebra_s_m: Where a zebra crossing begins, or None.
        centre_line: ``dashed``, ``solid`` or ``none``.
        edge_line: ``white``, ``yellow``, ``double yellow`` or ``none``.
        cycle_lane_rgb: Colour of a cycle lane along the kerb, or None.
        asphalt: Brightness of the asphalt, sRGB.
        wear: How much of the paint is worn off, 0 to 1.
        seed: Shifts cracks, patches and stains.
    """

    lanes_right: int = 1
    lanes_left: int = 1
    lane_m: float = 3.2
    parking_right_m: float = 0.0
    parking_left_m: float = 0.0
    sidewalk_m: float = 2.6
    bend_per_m: float = 0.0
    right_hand_traffic: bool = True
    junction_s_m: float | None = None
    junction_m: float = 8.0
    crossing_sides: str = "both"
    zebra_s_m: float | None = None
    centre_line: str = "dashed"
    edge_line: str = "none"
    cycle_lane_rgb: Rgb | None = None
    asphalt: float = 0.40
    wear: float = 0.3
    seed: float = 0.0

    @property
    def right_m(self) -> float:
        """d of the right kerb (negative)."""
        return -(self.lanes_right * self.lane_m + self.parking_right_m)

    @property
    def left_m(self) -> float:
        """d of the left kerb."""
        return self.lanes_left * self.lane_m + self.parking_left_m

    def lane_centre_m(self, lane: int) -> float:
        """d of the middle of a lane; 0, 1 ... count outwards on the left, -1, -2 ... on the right."""
        return (lane + 0.5) * self.lane_m

    def heading(self, s: float) -> float:
        """Yaw of the street at s, radians."""
        return math.atan(self.bend_per_m * s)

    def to_world(self, s: float, d: float) -> tuple[float, float]:
        """World (x, y) of street coordinates."""
        yaw = self.heading(s)
        return s - d * math.sin(yaw), 0.5 * self.bend_per_m * s * s + d * math.cos(yaw)

    def to_street(self, x: NDArray[_Float], y: NDArray[_Float]) -> tuple[NDArray[_Float], NDArray[_Float]]:
        """Street (s, d) of world coordinates, the inverse of :meth:`to_world`."""
        s = x
        for _ in range(3):
            slope = self.bend_per_m * s
            turn = np.sqrt(1 + slope * slope)
            d = (y - 0.5 * self.bend_per_m * s * s) * turn
            s = x + d * slope / turn
        return s, d

    def crossed_on(self, side: int) -> bool:
        """Whether the crossing street leaves on the left (1) or on the right (-1)."""
        return self.crossing_sides in ("both", "left" if side > 0 else "right")

    def in_junction(self, s: float, margin_m: float = 0.0, side: int = 0) -> bool:
        """Whether s lies in the crossing street, widened by ``margin_m``; for one side's kerb if ``side`` is given."""
        if self.junction_s_m is None or (side and not self.crossed_on(side)):
            return False
        return abs(s - self.junction_s_m) < self.junction_m / 2 + margin_m


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One object or piece of ground.

    Attributes:
        mesh: Its shape in its own frame.
        class_name: Name in :data:`ris_ros.data.classes.CLASSES`.
        x, y, z: Position in the world.
        yaw: Heading, radians from +x to the left.
        speed_mps: Speed along its heading.
        colour: Plain colour word or None.
        attributes: Further words that are true of it.
        gait: Its shape after some metres of its way; None for what keeps its shape.
    """

    mesh: Mesh
    class_name: str
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    speed_mps: float = 0.0
    colour: str | None = None
    attributes: tuple[str, ...] = ()
    gait: Callable[[float], Mesh] | None = None

    def __post_init__(self) -> None:
        if self.class_name not in BY_NAME:
            raise ValueError(f"unknown class '{self.class_name}'")

    def reach_m(self, yaw: float) -> tuple[float, float]:
        """Half its extent (along, across) the x axis of a frame in which it is turned by ``yaw``."""
        low, high = self.mesh.bounds_m()
        x, y, _ = np.maximum(-low, high)
        cos, sin = abs(math.cos(yaw)), abs(math.sin(yaw))
        return float(cos * x + sin * y), float(sin * x + cos * y)

    def after(self, seconds: float, street: Street) -> Thing:
        """Where it is some seconds later, on a course that bends as the street does."""
        if self.speed_mps == 0.0:
            return self
        way = self.speed_mps * seconds
        along, across = street.to_street(np.array([self.x]), np.array([self.y]))
        turn = self.yaw - street.heading(float(along[0]))
        s, d = float(along[0]) + way * math.cos(turn), float(across[0]) + way * math.sin(turn)
        x, y = street.to_world(s, d)
        mesh = self.mesh if self.gait is None else self.gait(way)
        return replace(self, mesh=mesh, x=x, y=y, yaw=street.heading(s) + turn)


@dataclass(frozen=True, slots=True)
class Light:
    """Weather and time of day.

    Attributes:
        name: ``sunny``, ``overcast``, ``rain``, ``dusk`` or ``night``.
        sun: Unit vector towards the sun.
        sun_rgb: Irradiance of the sun on a surface that faces it, linear.
        ambient_rgb: Irradiance of the open sky, linear.
        zenith_rgb, horizon_rgb: Sky colours, linear.
        clouds: Cover, 0 to 1.
        haze_m: Distance at which haze takes 63 % of the colour.
        windows_lit: Share of lit windows.
        lamps: Irradiance, relative to a sunny day, 5 m below a street lamp; 0 when lamps are out.
        headlights: Irradiance 1 m before the ego vehicle's headlights; 0 when lights are out.
        glow: Factor on the light of lamps, windows and signals: the eye of the camera opens at night.
        wet: How much the road mirrors, 0 to 1.
    """

    name: str
    sun: tuple[float, float, float]
    sun_rgb: Rgb
    ambient_rgb: Rgb
    zenith_rgb: Rgb
    horizon_rgb: Rgb
    clouds: float
    haze_m: float
    windows_lit: float = 0.0
    lamps: float = 0.0
    headlights: float = 0.0
    glow: float = 1.0
    wet: float = 0.0

    @property
    def casts_shadows(self) -> bool:
        """Whether the sun is out."""
        return max(self.sun_rgb) > 0.05


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A scene ready to be looked at.

    Attributes:
        street: Its carriageway.
        things: Everything that has a surface.
        light: Weather.
    """

    street: Street
    things: tuple[Thing, ...]
    light: Light

    def after(self, seconds: float) -> World:
        """The scene some seconds later."""
        return replace(self, things=tuple(thing.after(seconds, self.street) for thing in self.things))
