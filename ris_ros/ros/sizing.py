"""At which size the model looks: engines are made for it in time, and it is lowered while the model cannot keep up.

Belongs to the worker thread, but for :attr:`Sizing.input_size_px`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ris_ros.errors import ImageError
from ris_ros.pipeline.adapt import InputSize, ladder
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.ros.convert import image_size_px
from ris_ros.ros.statistics import Statistics
from ris_ros.runtime.backend import SIDE_STEP
from ris_ros.types import Frame


class Sizing:
    """See the module.

    Args:
        perceiver: Whose largest input is chosen.
        adaptive: Whether to lower it.
        commands: How many commands may be answered at once.
        statistics: Knows the cameras' periods.
        problem: Takes the kind of a problem and a sentence about it.

    Attributes:
        input_size_px: (width, height) of what the network looked at last, None before; any thread may read it.
    """

    def __init__(
        self,
        perceiver: Perceiver,
        adaptive: bool,
        commands: int,
        statistics: Statistics,
        problem: Callable[[str, str], None],
    ) -> None:
        self._perceiver = perceiver
        self._commands = commands
        self._statistics = statistics
        self._problem = problem
        largest_px = perceiver.input_size_px
        self._choices_px = ladder(largest_px, SIDE_STEP) if adaptive else (largest_px,)
        self._policy = InputSize(self._choices_px)
        self._cameras_px: dict[str, tuple[int, int]] = {}
        self._to_prepare: deque[tuple[tuple[int, int], int]] = deque()
        self.input_size_px: tuple[int, int] | None = None

    def meet(self, camera: str, message: Any) -> None:
        """An image came. With the first of a camera its size is known, and engines can be made for it.

        Args:
            camera: Its camera.
            message: A :data:`ris_ros.ros.serialized.CameraMessage`.
        """
        if camera in self._cameras_px:
            return
        try:
            size_px = image_size_px(message)
            self._perceiver.input_for([size_px])
        except ImageError:
            return  # it is told of where it is decoded
        self._cameras_px[camera] = size_px
        fixed = self._perceiver.backend.fixed_size_px is not None
        choices_px = self._choices_px[:1] if fixed else self._choices_px
        self._to_prepare = deque((choices_px[0], commands) for commands in sorted({1, self._commands}))
        # Smaller ones for one image and one command only: an engine may hold few at a time, and what several images
        # take would push out those in use.
        if len(self._cameras_px) == 1:
            self._to_prepare.extend((choice_px, 1) for choice_px in choices_px[1:])

    def prepare_next(self) -> None:
        """Make engines for one more case, whether anything is asked or not; nothing where all are made.

        One at a time: an image that comes meanwhile waits no longer than for one of them.
        """
        if not self._to_prepare:
            return
        choice_px, commands = self._to_prepare.popleft()
        begin_ns = time.monotonic_ns()
        in_use_px = self._perceiver.input_size_px
        try:
            self._perceiver.input_size_px = choice_px
            self._perceiver.prepare(list(self._cameras_px.values()), commands)
        except Exception as error:  # whatever an engine throws: the images themselves will show whether it matters
            self._to_prepare.clear()
            self._problem("backend", f"Preparing for the cameras' images failed: {error}")
        finally:
            self._perceiver.input_size_px = in_use_px
        self._statistics.took("prepare", time.monotonic_ns() - begin_ns)

    def looked(self, frames: Sequence[Frame], look_ns: int) -> None:
        """Take note of a look, and choose the size of the next.

        Args:
            frames: What was looked at.
            look_ns: How long all of it took, from message to published masks.
        """
        self.input_size_px = self._perceiver.input_for([frame.size_px for frame in frames])
        periods_s = [self._statistics.period_s(frame.camera) for frame in frames]
        known_s = [period_s for period_s in periods_s if period_s]
        if self._perceiver.backend.fixed_size_px is not None or not known_s or len(self._choices_px) < 2:
            return
        if self._policy.looked(look_ns / 1e9, min(known_s), time.monotonic()):
            self._perceiver.input_size_px = self._policy.size_px
