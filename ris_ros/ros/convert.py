"""Between messages and the values of :mod:`ris_ros.types`: the two ends of a frame's way."""

from __future__ import annotations

import array
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from ris_ros.errors import ImageError
from ris_ros.msg import Grounding as GroundingMessage
from ris_ros.msg import GroundingArray, MaskRegion, StageLatency
from ris_ros.ros.compressed import decode_compressed, encoded_size_px
from ris_ros.ros.encodings import WorkingSize, decode_raw
from ris_ros.ros.serialized import CameraMessage, SerializedImage
from ris_ros.ros.stamps import set_ns, to_ns
from ris_ros.types import Frame, Grounding, Mask


def to_frame(camera: str, message: CameraMessage, max_pixels: int, working_size: WorkingSize | None = None) -> Frame:
    """Read a camera message.

    Args:
        camera: Name of the camera.
        message: What it sent.
        max_pixels: Refuse images of more pixels.
        working_size: The size that is wanted of the image, where that is smaller; None for its own.

    Raises:
        ImageError: The image is malformed, of an unknown encoding or too large; the sentence names the camera.
    """
    try:
        if isinstance(message, Image | SerializedImage):
            size_px = message.width, message.height
            image_rgb = decode_raw(message, max_pixels, working_size)
        else:
            data = bytes(message.data)
            size_px = encoded_size_px(data)
            image_rgb = decode_compressed(data, max_pixels, working_size)
    except ImageError as error:
        raise ImageError(f"Camera '{camera}': {error}") from None
    return Frame(camera, image_rgb, to_ns(message.header.stamp), message.header.frame_id, size_px)


def image_size_px(message: CameraMessage) -> tuple[int, int]:
    """(width, height) that a camera message states.

    Raises:
        ImageError: It is neither JPEG nor PNG, or truncated.
    """
    if isinstance(message, Image | SerializedImage):
        return message.width, message.height
    return encoded_size_px(bytes(message.data))


def header_of(frame: Frame) -> Header:
    """A header with stamp and frame_id of the image."""
    header = Header(frame_id=frame.frame_id)
    set_ns(header.stamp, frame.stamp_ns)
    return header


class Mono8:
    """A mono8 image that is written in place and sent again and again, which is safe because sending copies it."""

    def __init__(self) -> None:
        self._message = Image(encoding="mono8")

    def pixels(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """Its pixels, uint8 [h, w]: whatever they were, to be written.

        Args:
            size_px: (width, height) that it shall have.
        """
        width, height = size_px
        if (self._message.width, self._message.height) != size_px:
            self._message.width, self._message.height, self._message.step = width, height, width
            # Assigning an array('B') costs microseconds; a numpy array or a list would be checked element by element.
            self._message.data = array.array("B", bytes(width * height))
        return np.frombuffer(self._message.data, np.uint8).reshape(height, width)

    def message(self, header: Header) -> Image:
        """The message, under a header; to be sent before the pixels are written again."""
        self._message.header = header
        return self._message


def mono8(pixels: NDArray[np.uint8], header: Header) -> Image:
    """A mono8 image, its rows packed.

    Args:
        pixels: uint8 [h, w].
        header: Its header.
    """
    height, width = pixels.shape
    message = Image(header=header, height=height, width=width, encoding="mono8", step=width)
    # Assigning an array('B') costs microseconds; a numpy array or a list would be checked element by element.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(pixels).data.cast("B"))
    message.data = data
    return message


def jpeg(image_rgb: NDArray[np.uint8], header: Header, quality: int) -> CompressedImage:
    """A JPEG image.

    Args:
        image_rgb: uint8 [H, W, 3].
        header: Its header.
        quality: 1 to 100.

    Raises:
        ImageError: It cannot be encoded (larger than JPEG allows).
    """
    bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
    try:
        done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error:
        done = False
    if not done:
        raise ImageError(f"An overlay of {image_rgb.shape[1]}x{image_rgb.shape[0]} pixels cannot be written as JPEG.")
    message = CompressedImage(header=header, format="jpeg")
    message.data = array.array("B", data.tobytes())
    return message


def grounding_array(groundings: Sequence[Grounding], stages_ns: Mapping[str, int], header: Header) -> GroundingArray:
    """All answers on one image.

    Args:
        groundings: At least one, all of one frame.
        stages_ns: Durations of the stages before and after perception, common to all.
        header: Stamp and frame_id of the image.
    """
    return GroundingArray(
        header=header,
        camera=groundings[0].frame.camera,
        groundings=[grounding_message(grounding, stages_ns, header) for grounding in groundings],
    )


def grounding_message(grounding: Grounding, stages_ns: Mapping[str, int], header: Header) -> GroundingMessage:
    """One answer."""
    message = GroundingMessage(
        header=header,
        camera=grounding.frame.camera,
        command_id=grounding.command.id,
        text=grounding.command.text,
        target=int(grounding.command.target),
        found=grounding.found,
        existence=float(grounding.existence),
        score=float(grounding.score),
        reason=grounding.reason,
        object=_mask_region(grounding.object, header),
        region=_mask_region(grounding.region, header),
        candidates=grounding.candidates,
    )
    set_ns(message.propagated_age, grounding.propagated_ns)
    message.stages = [_stage(name, ns) for name, ns in {**stages_ns, **grounding.stage_ns}.items()]
    return message


def _mask_region(answer: Mask, header: Header) -> MaskRegion:
    width, height = answer.size_px
    message = MaskRegion(
        image_width=width,
        image_height=height,
        peak_x=answer.peak_xy[0],
        peak_y=answer.peak_xy[1],
        score=float(answer.score),
    )
    if not answer.empty:
        roi = message.roi
        roi.x_offset, roi.y_offset, roi.width, roi.height = answer.roi_xywh
        message.mask = mono8(answer.inside.view(np.uint8) * np.uint8(255), header)
    return message


def _stage(name: str, duration_ns: int) -> Any:
    stage = StageLatency(stage=name)
    set_ns(stage.duration, duration_ns)
    return stage
