"""All that the node has to do with the ground: where its cameras are, what depth says, and the planning thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ris_ros.config.node import NodeConfig
from ris_ros.errors import GeometryError
from ris_ros.msg import Grounding as GroundingMessage
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.planning.from_settings import planner_of
from ris_ros.planning.place import place
from ris_ros.planning.values import Placement
from ris_ros.ros.camera_info import CameraInfos
from ris_ros.ros.depth import Depths
from ris_ros.ros.diagnostics import GroundSight
from ris_ros.ros.ground_messages import header_in, write_placement
from ris_ros.ros.ground_outputs import GroundOutputs
from ris_ros.ros.images import Taken
from ris_ros.ros.measured import Measured
from ris_ros.ros.navigate import PROBLEM as NOT_DRIVEN
from ris_ros.ros.navigate import NavigateClient
from ris_ros.ros.plan_teller import PlanTeller
from ris_ros.ros.plan_thread import PROBLEM as NO_PLAN
from ris_ros.ros.plan_thread import PlanThread, Senses, Surveyed
from ris_ros.ros.statistics import Statistics
from ris_ros.ros.transforms import open_transforms
from ris_ros.ros.viewpoints import Viewpoints
from ris_ros.types import Command, Grounding

_NOWHERE = np.zeros((0, 2))
_PROBLEM_S = 5.0


class Ground:
    """See the module. Made when the node is configured; made, closed and followed by the executor's thread.

    Args:
        node: The lifecycle node.
        config: Reads the settings as they are.
        statistics: Takes how long the stages took, and problems.
        command: Gives the command that plans are made for; None without one.
        answers_wanted: Whether anybody listens to answers, and so to what depth says of them.
        problem: Takes the kind of a problem and a sentence about it.
        report: Takes a sentence for the log.

    Raises:
        TransportError: Transforms are to come from tf, and tf2_ros is not installed.
    """

    def __init__(
        self,
        node: Any,
        config: Callable[[], NodeConfig],
        statistics: Statistics,
        command: Callable[[], Command | None],
        answers_wanted: Callable[[], bool],
        problem: Callable[[str, str], None],
        report: Callable[[str], None],
    ) -> None:
        settings = config()
        self._cameras = tuple(settings.cameras)
        self._base_frame, self._ground_z_m = settings.base_frame, settings.ground_z_m
        self._config = config
        self._statistics = statistics
        self._answers_wanted = answers_wanted
        self._transforms = open_transforms(node, config)
        self._infos = CameraInfos(node, settings.cameras, settings.rectified)
        self._viewpoints = Viewpoints(self._infos, self._transforms, settings)
        self._outputs = GroundOutputs(node, settings.base_frame, settings.ground_z_m, settings.filter_mask)
        self._depths = Depths(node, settings.cameras, self._wants_depth)
        self._measured = Measured(self._depths, self._viewpoints, self._transforms, lambda: config().max_depth_skew_s)
        self._navigate = NavigateClient(
            node,
            lambda: config().navigate,
            lambda: config().goal_tolerance_m,
            settings.navigate_action,
            problem,
            report,
        )
        teller = PlanTeller(
            self._outputs,
            self._navigate,
            settings.base_frame,
            settings.fixed_frame,
            settings.filter_mask,
            settings.lost_after_s,
        )
        senses = Senses(
            self._viewpoints.at,
            self._transforms.fixed_from_base,
            self._measured.points_in,
            self._measured.depth_m,
            command,
        )
        self._thread = PlanThread(planner_of(settings), senses, self._outputs, teller, config, statistics, problem)

    def follow(self) -> None:
        """Look at what is published; called by the executor now and then."""
        self._infos.follow()
        self._transforms.follow()
        self._depths.follow()

    def forget(self) -> None:
        """The node is deactivated: forget what was seen, and take back what was made of it."""
        self._thread.forget("The node was deactivated.")

    def rewind(self) -> None:
        """The clock jumped back: forget transforms and depth too."""
        self._transforms.forget()
        self._depths.forget()
        self._thread.forget("The clock jumped back.")

    def close(self) -> None:
        """Take back what was published, and release everything."""
        self._thread.stop()
        self._navigate.close()
        self._depths.close()
        self._infos.close()
        self._transforms.close()
        self._outputs.close()

    def wants_survey(self, camera: str) -> bool:
        """Whether the surroundings on this camera's next image are wanted; any thread may ask."""
        return self._thread.wants(camera)

    def surveyed(self, taken: Taken, groundings: Sequence[Grounding], surroundings: Surroundings) -> None:
        """Plan with what the model says of an image; called by the worker."""
        self._thread.offer(Surveyed(groundings, surroundings, taken.arrival.monotonic_ns))

    def locate(self, messages: Sequence[GroundingMessage], groundings: Sequence[Grounding]) -> None:
        """Write into the messages of the answers on one frame where on the ground those lie.

        Never in the executor's thread. However many answers there are, a transform is waited for once.
        """
        found = [pair for pair in zip(messages, groundings, strict=True) if pair[1].found]
        if not found:
            return
        frame = found[0][1].frame
        header = header_in(self._base_frame, frame.stamp_ns)
        try:
            viewpoint, points_in = self._viewpoints.at(frame), self._measured.points_in(frame)
        except GeometryError as error:
            for message, _ in found:
                write_placement(message, Placement(_NOWHERE, None, None, str(error)), self._ground_z_m, header)
            return
        for message, grounding in found:
            write_placement(message, place(grounding, viewpoint, points_in), self._ground_z_m, header)

    def describe(self, now_ns: int) -> Mapping[str, GroundSight]:
        """What is known of each camera over the ground, for the diagnostics."""
        return {camera: self._sight(camera, now_ns) for camera in self._cameras}

    def describe_planner(self) -> GroundSight:
        """What the planner does, for the diagnostics."""
        problems = (self._statistics.recent_problem(kind, _PROBLEM_S) for kind in (NO_PLAN, NOT_DRIVEN))
        problem = next(filter(None, problems), "")
        return GroundSight({"planning": self._thread.state, "navigate": self._navigate.state}, problem)

    def _sight(self, camera: str, now_ns: int) -> GroundSight:
        values = {**self._viewpoints.describe(camera, now_ns), **self._depths.describe(camera)}
        return GroundSight(values, self._viewpoints.problem(camera) or self._depths.problem(camera))

    def _wants_depth(self, camera: str) -> bool:
        outputs, driving = self._outputs, self._config().navigate
        return self._answers_wanted() or outputs.wanted_plan or outputs.wanted_points or driving
