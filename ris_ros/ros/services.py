"""The services ``~/ground`` and ``~/clear_commands``: coroutines that wait for the worker."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup

from ris_ros.config.node import NodeConfig
from ris_ros.errors import RisError, TransportError
from ris_ros.ros.bridge import Bridge
from ris_ros.ros.convert import grounding_message, header_of
from ris_ros.ros.intake import Asked
from ris_ros.ros.session import Session
from ris_ros.ros.worker import Worker
from ris_ros.srv import ClearCommands, Ground
from ris_ros.types import Grounding

INACTIVE = "The node is not active: configure and activate it first."


class Services:
    """The node's services.

    Args:
        node: The node that offers them.
        bridge: Wakes its executor.
        worker: The thread that answers.
        session: The session while the node is active, else None.
        config: Reads the settings as they are.
        clock_ns: The node's clock.
        report: Takes a sentence on what went wrong inside, for the log.
    """

    def __init__(
        self,
        node: Any,
        bridge: Bridge,
        worker: Worker,
        session: Callable[[], Session | None],
        config: Callable[[], NodeConfig],
        clock_ns: Callable[[], int],
        report: Callable[[str], None],
    ) -> None:
        self._bridge = bridge
        self._worker = worker
        self._session = session
        self._config = config
        self._clock_ns = clock_ns
        self._report = report
        # A callback that waits keeps its group busy, so these may not share one that excludes others.
        group = ReentrantCallbackGroup()
        node.create_service(Ground, "~/ground", self._ground, callback_group=group)
        node.create_service(ClearCommands, "~/clear_commands", self._clear, callback_group=group)

    async def _ground(self, request: Ground.Request, response: Ground.Response) -> Ground.Response:
        try:
            grounding = await self._grounded(request)
        except RisError as error:
            response.message = str(error)
        except Exception as error:
            response.message = f"The request failed inside the node ({type(error).__name__}: {error})."
            self._report(response.message)
        else:
            response.success = True
            response.grounding = grounding_message(grounding, {}, header_of(grounding.frame))
        return response

    async def _grounded(self, request: Ground.Request) -> Grounding:
        session = self._session()
        if session is None:
            raise TransportError(INACTIVE)
        asked = Asked("", request.text, request.target, self._clock_ns(), source="ground")
        if len(request.image.data):
            camera = request.camera or "request"
            return await self._bridge.result(
                self._worker.submit(lambda: session.ground_image(asked, camera, request.image))
            )
        cameras = self._config().cameras
        camera = request.camera or (cameras[0] if len(cameras) == 1 else "")
        if not camera:
            raise TransportError(f"Give an image with data, or one of the cameras {', '.join(cameras)}.")
        return await self._on_camera(session, asked, camera)

    async def _on_camera(self, session: Session, asked: Asked, camera: str) -> Grounding:
        answer: Future[Grounding] = Future()
        timeout_s = self._config().ground_timeout_s

        def give_up() -> None:
            with suppress(InvalidStateError):
                sentence = f"No image of '{camera}' came within {timeout_s:g} s: check the camera driver."
                answer.set_exception(TransportError(sentence))

        call_off = self._bridge.after(timeout_s, give_up)
        self._worker.submit(lambda: session.ground_camera(asked, camera, answer))
        try:
            return await self._bridge.result(answer)
        finally:
            call_off()

    async def _clear(self, request: ClearCommands.Request, response: ClearCommands.Response) -> ClearCommands.Response:
        session = self._session()
        if session is not None:
            ids = list(request.ids)
            response.cleared = await self._bridge.result(self._worker.submit(lambda: session.clear(ids)))
        return response
