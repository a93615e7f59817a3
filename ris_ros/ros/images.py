"""The images of all cameras, in the worker thread: when each was taken, the newest of each, and their decoding."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ris_ros.config.node import NodeConfig
from ris_ros.ros.convert import to_frame
from ris_ros.ros.encodings import WorkingSize
from ris_ros.ros.stamps import NS_PER_S, CameraClock, to_ns
from ris_ros.ros.statistics import Statistics
from ris_ros.ros.worker import Arrival
from ris_ros.types import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Dated:
    """An image that is still a message.

    Attributes:
        arrival: The message.
        time_ns: When it was taken, in the node's clock.
        stages_ns: Durations of the stages so far, by name.
    """

    arrival: Arrival
    time_ns: int
    stages_ns: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A decoded image.

    Attributes:
        arrival: The message that it was.
        frame: The image, no larger than it is looked at.
        time_ns: When it was taken, in the node's clock.
        stages_ns: Durations of the stages so far, by name.
    """

    arrival: Arrival
    frame: Frame
    time_ns: int
    stages_ns: Mapping[str, int]


class Images:
    """See the module.

    Args:
        config: Reads the settings as they are.
        statistics: Is told of cameras whose stamps are of another clock.
        working_size: From the size of a camera image to the one at which it is looked at.
    """

    def __init__(self, config: Callable[[], NodeConfig], statistics: Statistics, working_size: WorkingSize) -> None:
        self._config = config
        self._statistics = statistics
        self._working_size = working_size
        self._newest: dict[str, Arrival] = {}
        self._clocks = defaultdict[str, CameraClock](CameraClock)

    def date(self, arrival: Arrival) -> Dated:
        """Find out when an image was taken, and remember it as its camera's newest."""
        camera, stamp_ns = arrival.camera, to_ns(arrival.message.header.stamp)
        self._newest[camera] = arrival
        wait_ns = time.monotonic_ns() - arrival.monotonic_ns
        tolerance_ns = int(self._config().clock_tolerance_s * NS_PER_S)
        if self._clocks[camera].is_ours(stamp_ns, arrival.time_ns, tolerance_ns):
            self._statistics.solved(f"clock/{camera}")
            return Dated(arrival, stamp_ns, {"transport": max(0, arrival.time_ns - stamp_ns), "wait": wait_ns})
        off_s = abs(arrival.time_ns - stamp_ns) / NS_PER_S
        how = f"stamped {off_s:.0f} s off the node's clock" if stamp_ns else "not stamped"
        self._statistics.problem(
            f"clock/{camera}",
            f"The images of '{camera}' are {how}, so the time of their arrival is used: set use_sim_time for a"
            " bag's clock, or correct the camera driver.",
        )
        return Dated(arrival, arrival.time_ns, {"wait": wait_ns})

    def decode(self, dated: Dated) -> Taken:
        """Decode an image.

        Raises:
            ImageError: It is malformed, of an unknown encoding or too large.
        """
        begin_ns = time.monotonic_ns()
        frame = self._frame(dated.arrival)
        return Taken(dated.arrival, frame, dated.time_ns, {**dated.stages_ns, "decode": time.monotonic_ns() - begin_ns})

    def newest(self, camera: str) -> Frame | None:
        """The newest image of a camera, None where there is none or it came too long ago.

        Raises:
            ImageError: It is malformed, of an unknown encoding or too large.
        """
        arrival = self._newest.get(camera)
        oldest_ns = time.monotonic_ns() - self._config().max_image_age_s * NS_PER_S
        if arrival is None or arrival.monotonic_ns < oldest_ns:
            return None
        return self._frame(arrival)

    def forget(self) -> None:
        """Forget the newest images."""
        self._newest.clear()

    def forget_clocks(self) -> None:
        """The node's clock jumped: find out anew whose clocks the cameras keep to."""
        self._clocks.clear()

    def _frame(self, arrival: Arrival) -> Frame:
        return to_frame(arrival.camera, arrival.message, self._config().max_image_pixels, self._working_size)
