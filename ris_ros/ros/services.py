"""The services ``~/ground`` and ``~/clear_commands``: coroutines that wait for the worker."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from rclpy.callback_groups import ReentrantCallbackGroup

from ris_ros.errors import RisError, TransportError
from ris_ros.ros.host import INACTIVE, Host
from ris_ros.ros.intake import Asked
from ris_ros.ros.session import Session
from ris_ros.srv import ClearCommands, Ground
from ris_ros.types import Grounding


class Services:
    """The node's services.

    Args:
        host: The node that offers them.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        # A callback that waits keeps its group busy, so these may not share one that excludes others.
        group = ReentrantCallbackGroup()
        host.node.create_service(Ground, "~/ground", self._ground, callback_group=group)
        host.node.create_service(ClearCommands, "~/clear_commands", self._clear, callback_group=group)

    async def _ground(self, request: Ground.Request, response: Ground.Response) -> Ground.Response:
        try:
            grounding = await self._grounded(request)
            response.grounding = await self._host.message_of(grounding)
        except RisError as error:
            response.message = str(error)
        except Exception as error:
            response.message = f"The request failed inside the node ({type(error).__name__}: {error})."
            self._host.report(response.message)
        else:
            response.success = True
        return response

    async def _grounded(self, request: Ground.Request) -> Grounding:
        session = self._host.session()
        if session is None:
            raise TransportError(INACTIVE)
        asked = Asked("", request.text, request.target, self._host.clock_ns(), source="ground")
        if len(request.image.data):
            camera = request.camera or "request"
            return await self._host.bridge.result(
                self._host.worker.submit(lambda: session.ground_image(asked, camera, request.image))
            )
        cameras = self._host.config().cameras
        camera = request.camera or (cameras[0] if len(cameras) == 1 else "")
        if not camera:
            raise TransportError(f"Give an image with data, or one of the cameras {', '.join(cameras)}.")
        return await self._on_camera(session, asked, camera)

    async def _on_camera(self, session: Session, asked: Asked, camera: str) -> Grounding:
        answer: Future[Grounding] = Future()
        timeout_s = self._host.config().ground_timeout_s

        def give_up() -> None:
            with suppress(InvalidStateError):
                sentence = f"No image of '{camera}' came within {timeout_s:g} s: check the camera driver."
                answer.set_exception(TransportError(sentence))

        call_off = self._host.bridge.after(timeout_s, give_up)
        self._host.worker.submit(lambda: session.ground_camera(asked, camera, answer))
        try:
            return await self._host.bridge.result(answer)
        finally:
            call_off()

    async def _clear(self, request: ClearCommands.Request, response: ClearCommands.Response) -> ClearCommands.Response:
        session = self._host.session()
        if session is not None:
            ids = list(request.ids)
            clearing = self._host.worker.submit(lambda: session.clear(ids), decides=True)
            response.cleared = await self._host.bridge.result(clearing)
        return response
