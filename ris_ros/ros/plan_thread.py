"""The thread that plans: it turns what the worker's engines said of an image into map, goal and path, and publishes.

It stands beside the worker, so that no mask queues behind a path. Of each camera the newest image waits for it; older
ones are passed over. It ticks without images too: what nobody has seen for a while must be taken back.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.node import NodeConfig
from ris_ros.errors import GeometryError
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.planning.organized import OrganizedPoints
from ris_ros.planning.place import PointsIn, place
from ris_ros.planning.planner import Planner
from ris_ros.planning.values import Placement, Plan, PlanState
from ris_ros.ros.ground_outputs import GroundOutputs
from ris_ros.ros.navigate import PROBLEM as NOT_DRIVEN
from ris_ros.ros.plan_teller import PlanTeller
from ris_ros.ros.stamps import NS_PER_S
from ris_ros.ros.statistics import Statistics
from ris_ros.types import Command, Frame, Grounding

PROBLEM = "plan"
"""Kind of the problem under which diagnostics find why there is no plan."""

_TICK_S = 0.1
_LOOKS_A_PLAN = 2.0
_IDLE = "idle"
_NO_MOTION = (
    "Nav2 is sent no goal, because the robot's motion is not known: publish tf or odometry, and name its frames in"
    " fixed_frame and base_frame."
)
_OVER = "The command is no longer active."
_NOBODY = "Nobody wants plans any more."


@dataclass(frozen=True, slots=True, eq=False)
class Surveyed:
    """What the model said of one image.

    Attributes:
        groundings: Its fresh answers, oldest command first.
        surroundings: The ground, on the same frame.
        monotonic_ns: When the image came.
    """

    groundings: Sequence[Grounding]
    surroundings: Surroundings
    monotonic_ns: int

    @property
    def frame(self) -> Frame:
        """The image."""
        return self.surroundings.frame


@dataclass(frozen=True, slots=True, eq=False)
class Senses:
    """What the thread knows of the world beside images; each may raise GeometryError, with the reason.

    Attributes:
        viewpoint: Where the camera of a frame was.
        fixed_from_base: Where the robot was at a stamp; None where its motion is not known.
        points_in: What depth says about a frame; None where there is none.
        depth_m: The depth image of a frame, float32 [h, w]; None where there is none.
        command: The newest active command, its target decided; None without one.
    """

    viewpoint: Callable[[Frame], Viewpoint]
    fixed_from_base: Callable[[int], RigidTransform | None]
    points_in: Callable[[Frame], PointsIn | None]
    depth_m: Callable[[Frame], NDArray[np.float32] | None]
    command: Callable[[], Command | None]


class PlanThread:
    """See the module.

    Args:
        planner: Belongs to the thread from here on.
        senses: See there.
        outputs: Asked what is wanted.
        teller: Publishes.
        config: Reads the settings as they are.
        statistics: Takes how long the stages took.
        problem: Takes the kind of a problem and a sentence about it.

    Attributes:
        state: What is planned, in a few words for the diagnostics.
    """

    def __init__(
        self,
        planner: Planner,
        senses: Senses,
        outputs: GroundOutputs,
        teller: PlanTeller,
        config: Callable[[], NodeConfig],
        statistics: Statistics,
        problem: Callable[[str, str], None],
    ) -> None:
        self._planner = planner
        self._senses = senses
        self._outputs = outputs
        self._teller = teller
        self._config = config
        self._statistics = statistics
        self._problem = problem
        self._changed = threading.Condition()
        self._waiting: dict[str, Surveyed] = {}
        self._due_ns: dict[str, int] = {}
        self._views: dict[str, BirdsEye] = {}
        self._organized: dict[str, OrganizedPoints] = {}
        self._seen_ns: int | None = None
        self._stamp_ns: int | None = None
        self._fixed_from_base: RigidTransform | None = None
        self._reasons: dict[str, str] = {}
        self._why_forget = ""
        self._stopping = False
        self.state = _IDLE
        self._costmap_due_s = self._plan_due_s = 0.0
        self._wanted = False
        self._thread = threading.Thread(target=self._run, name="ris-planner", daemon=True)
        self._thread.start()

    def wants(self, camera: str) -> bool:
        """Whether the surroundings on this camera's next image are wanted; any thread may ask."""
        return self._wanted and time.monotonic_ns() >= self._due_ns.get(camera, 0)

    def offer(self, surveyed: Surveyed) -> None:
        """Plan with an image, unless a newer one of its camera comes first; called by the worker."""
        camera, now_ns = surveyed.frame.camera, time.monotonic_ns()
        period_ns = int(NS_PER_S / self._looks_a_second())
        # A steady beat: what came late does not move what comes next, unless it was late by more than a beat.
        self._due_ns[camera] = max(self._due_ns.get(camera, 0) + period_ns, now_ns)
        with self._changed:
            self._waiting[camera] = surveyed
            self._changed.notify()

    def _looks_a_second(self) -> float:
        """Maps and points are as fresh as they are published; a plan needs its thing to be seen somewhat more often."""
        config = self._config()
        if self._outputs.wanted_costmap or self._outputs.wanted_points:
            return config.costmap_rate_hz
        return min(config.costmap_rate_hz, _LOOKS_A_PLAN * config.plan_rate_hz)

    def forget(self, reason: str) -> None:
        """Forget images, map and thing, and take back what was published. Returns when it is done.

        Args:
            reason: Why, in a sentence.
        """
        with self._changed:
            self._waiting.clear()
            self._why_forget = reason
            self._changed.notify()
            self._changed.wait_for(lambda: not self._why_forget)

    def stop(self) -> None:
        """Take everything back and end the thread; harmless when it has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not (self._waiting or self._stopping or self._why_forget):
                    self._changed.wait(_TICK_S)
                stopping, why_forget = self._stopping, self._why_forget
                oldest = min(self._waiting, key=lambda name: self._waiting[name].monotonic_ns, default=None)
                surveyed = None if oldest is None else self._waiting.pop(oldest)
            try:
                if stopping or why_forget:
                    self._forget(why_forget or "The node is done.")
                if stopping:
                    return
                wanted = self._outputs.wanted_costmap or self._outputs.wanted_points or self._plan_wanted()
                if self._wanted and not wanted:
                    self._forget(_NOBODY)  # or whoever subscribes next would be told of what was seen long ago
                self._wanted = wanted
                if surveyed is not None:
                    self._take(surveyed)
                self._tell()
            except Exception as error:  # the thread must outlive any mistake of ours
                self._problem("internal", f"Planning failed ({type(error).__name__}: {error}): report this.")
                if stopping:  # nothing can be taken back where ROS is gone
                    return
            if why_forget:
                with self._changed:
                    self._why_forget = ""
                    self._changed.notify_all()

    def _forget(self, reason: str) -> None:
        stamp_ns, self._seen_ns, self._stamp_ns, self.state = self._stamp_ns, None, None, _IDLE
        self._reasons.clear()
        self._planner.forget()
        self._teller.withdraw(stamp_ns or 0, reason)

    def _take(self, surveyed: Surveyed) -> None:
        begin_ns = time.monotonic_ns()
        frame = surveyed.frame
        self._stamp_ns = frame.stamp_ns
        try:
            view = self._view(frame)
            fixed_from_base = self._senses.fixed_from_base(frame.stamp_ns)
        except GeometryError as error:
            self._reasons[frame.camera] = str(error)
            self._problem(PROBLEM, str(error))
            return
        self._reasons.pop(frame.camera, None)
        self._seen_ns = surveyed.monotonic_ns
        command = self._senses.command()
        self._planner.follow(command)
        self._planner.see(view, surveyed.surroundings, fixed_from_base)
        self._fixed_from_base = fixed_from_base
        for grounding in surveyed.groundings:
            if command is not None and grounding.command is command:
                placement = place(grounding, view.viewpoint, self._senses.points_in(frame))
                self._planner.note(view, grounding, placement, fixed_from_base)
                self._tell_points(view, grounding, placement)
        self._statistics.took("map", time.monotonic_ns() - begin_ns)

    def _tell_points(self, view: BirdsEye, grounding: Grounding, placement: Placement) -> None:
        if not self._outputs.wanted_points:
            return
        stamp_ns = grounding.frame.stamp_ns
        if self._config().points == "object":
            lifted = placement.lifted
            self._outputs.points(np.zeros((0, 3)) if lifted is None else lifted.points_m, stamp_ns)
            return
        size_px = grounding.object.size_px
        organized = self._organized.get(grounding.frame.camera)
        if organized is None or organized.viewpoint is not view.viewpoint or organized.size_px != size_px:
            organized = self._organized[grounding.frame.camera] = OrganizedPoints(view.viewpoint, size_px)
        try:
            depth_m = self._senses.depth_m(grounding.frame)
        except GeometryError as error:
            self._problem(PROBLEM, str(error))
            depth_m = None
        self._outputs.points(organized.ground_m if depth_m is None else organized.measured(depth_m), stamp_ns)

    def _view(self, frame: Frame) -> BirdsEye:
        viewpoint = self._senses.viewpoint(frame)
        view = self._views.get(frame.camera)
        if view is None or view.viewpoint is not viewpoint:
            view = self._views[frame.camera] = BirdsEye(viewpoint, self._planner.grid)
        return view

    def _tell(self) -> None:
        if self._stamp_ns is None:
            return
        now_s, config = time.monotonic(), self._config()
        # Since the newest image that could be used: those that could not say nothing about what stands there.
        since_ns = 0 if self._seen_ns is None else max(0, time.monotonic_ns() - self._seen_ns)
        if self._outputs.wanted_costmap and now_s >= self._costmap_due_s:
            self._costmap_due_s = max(self._costmap_due_s + 1.0 / config.costmap_rate_hz, now_s)
            occupancy = self._planner.occupancy(since_ns)
            if occupancy is not None:
                self._teller.tell_costmap(occupancy)
        if now_s >= self._plan_due_s and self._plan_wanted():
            self._plan_due_s = max(self._plan_due_s + 1.0 / config.plan_rate_hz, now_s)
            self._tell_plan(self._stamp_ns, since_ns)

    def _plan_wanted(self) -> bool:
        return self._outputs.wanted_plan or self._outputs.wanted_filter_mask or self._config().navigate

    def _tell_plan(self, stamp_ns: int, since_ns: int) -> None:
        command = self._senses.command()
        if command is None:
            self.state = _IDLE
            self._teller.withdraw_plan(_OVER)
            self._planner.follow(None)
            return
        begin_ns = time.monotonic_ns()
        plan = None
        if self._planner.command is command:
            plan = self._planner.plan(since_ns, want_path=self._outputs.wanted_path)
            self._statistics.took("plan", time.monotonic_ns() - begin_ns)
        if plan is None:
            plan = _nothing(command, stamp_ns, self._planner.grid.shape)
        if plan.state in (PlanState.WAITING, PlanState.LOST):
            # What nobody finds may be where images cannot be placed: that is to be mended first.
            reasons = [reason for camera, reason in self._reasons.items() if command.concerns(camera)]
            plan = plan if not reasons else dataclasses.replace(plan, reason=" ".join(reasons))
        if plan.reason:
            self._problem(PROBLEM, plan.reason)
        elif not self._reasons:
            self._statistics.solved(PROBLEM)
        if plan.goal is not None and self._fixed_from_base is None and self._config().navigate:
            self._problem(NOT_DRIVEN, _NO_MOTION)
        self.state = f"{plan.state.name.lower()}: {command.text}"
        occupancy = self._planner.occupancy(since_ns) if self._outputs.wanted_filter_mask else None
        self._teller.tell(plan, occupancy, self._fixed_from_base)


def _nothing(command: Command, stamp_ns: int, shape: tuple[int, int]) -> Plan:
    """What is said of a command before anything is known of it."""
    return Plan(
        command=command,
        stamp_ns=stamp_ns,
        state=PlanState.WAITING,
        track_id=0,
        age_ns=0,
        place_m=None,
        thing_m=None,
        region=np.zeros(shape, np.bool_),
        region_m=np.zeros((0, 2)),
        goal=None,
        path=None,
        reason="No image has been answered yet.",
    )
