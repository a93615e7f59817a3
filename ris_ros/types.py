"""The values that flow from a camera message to an answer.

All are frozen and checked at birth: a value that exists has the shape and the dtype that its fields name.
Arrays are not copied; whoever hands one over stops writing to it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import CommandError, ImageError


class Target(enum.IntEnum):
    """What a command asks for; the values are those of ``ris_ros/msg/Command``."""

    AUTO = 0
    OBJECT = 1
    REGION = 2

    @classmethod
    def parse(cls, name: str) -> Target:
        """Read ``auto``, ``object`` or ``region``.

        Raises:
            CommandError: The name is none of these.
        """
        try:
            return cls[name.upper()]
        except KeyError:
            raise CommandError(f"Unknown target '{name}': use auto, object or region.") from None


def _require(array: NDArray[Any], name: str, dtype: type, shape: tuple[int | None, ...]) -> None:
    if array.dtype != dtype:
        raise ValueError(f"{name} must be {np.dtype(dtype).name}, not {array.dtype.name}")
    if array.ndim != len(shape) or any(want not in (None, have) for want, have in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera image.

    Attributes:
        camera: Name of the camera, as in the node's parameter ``cameras``.
        image_rgb: uint8 [H, W, 3], red first, rows from the top; the whole image, perhaps smaller than it was taken.
        stamp_ns: Time of exposure, from the message header, in the publisher's clock.
        frame_id: Optical frame of the camera (REP-103).
        camera_size_px: (width, height) of the image as the camera took it; None where that is ``image_rgb``'s own.
    """

    camera: str
    image_rgb: NDArray[np.uint8]
    stamp_ns: int
    frame_id: str = ""
    camera_size_px: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _require(self.image_rgb, "image_rgb", np.uint8, (None, None, 3))
        if 0 in self.image_rgb.shape:
            raise ImageError(
                f"The image of camera '{self.camera}' is empty ({self.image_rgb.shape}): check the driver."
            )
        if self.camera_size_px is not None and min(self.camera_size_px) < 1:
            raise ValueError(f"camera_size_px must be positive, not {self.camera_size_px}")

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) in pixels of the camera: what masks, boxes and peaks refer to."""
        return self.camera_size_px or (self.image_rgb.shape[1], self.image_rgb.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """What somebody asked for.

    Attributes:
        id: Unique name; a newer command of the same id replaces the older.
        text: The utterance, cleaned (see :func:`ris_ros.language.utterance.clean`).
        target: OBJECT or REGION, or AUTO until the language module has decided.
        uttered_ns: When it was said, in the clock of the image stamps.
        cameras: The cameras it is about; empty means every camera.
        source: Who said it (free text, kept for the answer).
        confidence: The speech recogniser's, 0 to 1.
        time_to_live_ns: How long it stays active; 0 means until cleared.
    """

    id: str
    text: str
    target: Target
    uttered_ns: int
    cameras: tuple[str, ...] = ()
    source: str = ""
    confidence: float = 1.0
    time_to_live_ns: int = 0

    def __post_init__(self) -> None:
        if not self.id:
            raise CommandError("A command needs an id.")
        if not self.text:
            raise CommandError("The command is empty: say what to look for.")
        if not 0.0 <= self.confidence <= 1.0:
            raise CommandError(f"The confidence of command '{self.id}' is {self.confidence}: it must lie in 0 to 1.")
        if self.time_to_live_ns < 0:
            raise CommandError(f"The time to live of command '{self.id}' is negative: use 0 for no limit.")

    def expired(self, now_ns: int) -> bool:
        """Whether its time to live is over."""
        return self.time_to_live_ns > 0 and now_ns - self.uttered_ns > self.time_to_live_ns

    def concerns(self, camera: str) -> bool:
        """Whether it is about this camera."""
        return not self.cameras or camera in self.cameras


@dataclass(frozen=True, slots=True, eq=False)
class TextFeatures:
    """A command as the network reads it; made once per command.

    Attributes:
        words: float32 [T, D], one row a token, zero where padded.
        word_mask: float32 [T], 1 for a token, 0 for padding.
        sentence: float32 [D], the sentence embedding of unit length.
    """

    words: NDArray[np.float32]
    word_mask: NDArray[np.float32]
    sentence: NDArray[np.float32]

    def __post_init__(self) -> None:
        _require(self.words, "words", np.float32, (None, None))
        tokens, width = self.words.shape
        _require(self.word_mask, "word_mask", np.float32, (tokens,))
        _require(self.sentence, "sentence", np.float32, (width,))


@dataclass(frozen=True, slots=True, eq=False)
class TextBatch:
    """The features of N commands and the camera that each is asked of.

    Attributes:
        words: float32 [N, T, D].
        word_mask: float32 [N, T].
        sentence: float32 [N, D].
        camera_index: int64 [N], row of the vision batch.
    """

    words: NDArray[np.float32]
    word_mask: NDArray[np.float32]
    sentence: NDArray[np.float32]
    camera_index: NDArray[np.int64]

    def __post_init__(self) -> None:
        _require(self.words, "words", np.float32, (None, None, None))
        count, tokens, width = self.words.shape
        _require(self.word_mask, "word_mask", np.float32, (count, tokens))
        _require(self.sentence, "sentence", np.float32, (count, width))
        _require(self.camera_index, "camera_index", np.int64, (count,))

    @classmethod
    def stack(cls, features: list[TextFeatures], camera_index: list[int]) -> TextBatch:
        """Stack commands into one batch; all must be padded to the same number of tokens."""
        return cls(
            words=np.stack([f.words for f in features]),
            word_mask=np.stack([f.word_mask for f in features]),
            sentence=np.stack([f.sentence for f in features]),
            camera_index=np.asarray(camera_index, np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class VisionFeatures:
    """What the vision engine made of C images; belongs to the backend that made it.

    Attributes:
        tensors: Name of the ground graph's input -> the backend's own tensor.
        camera_count: C.
    """

    tensors: Mapping[str, Any]
    camera_count: int


@dataclass(frozen=True, slots=True, eq=False)
class GroundOutput:
    """Raw answers of the ground engine for N commands, at the network's output stride.

    Attributes:
        object_logits: float32 [N, h, w].
        region_logits: float32 [N, h, w].
        existence_logit: float32 [N].
    """

    object_logits: NDArray[np.float32]
    region_logits: NDArray[np.float32]
    existence_logit: NDArray[np.float32]

    def __post_init__(self) -> None:
        _require(self.object_logits, "object_logits", np.float32, (None, None, None))
        _require(self.region_logits, "region_logits", np.float32, self.object_logits.shape)
        _require(self.existence_logit, "existence_logit", np.float32, (self.object_logits.shape[0],))


class Mask(Protocol):
    """One mask of an answer, in camera pixels (or a stated fraction of them)."""

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of ``confidence`` and ``mask``."""
        ...

    @property
    def roi_xywh(self) -> tuple[int, int, int, int]:
        """Tight box (x, y, width, height) of ``mask`` in its own pixels; zeros when empty."""
        ...

    @property
    def inside(self) -> NDArray[np.bool_]:
        """bool [height, width] of the box: the mask in it, which is all of the mask."""
        ...

    @property
    def peak_xy(self) -> tuple[int, int]:
        """Pixel (x, y) of the highest probability, given also when nothing was found."""
        ...

    @property
    def score(self) -> float:
        """Mean probability inside the mask, 0 when empty."""
        ...

    @property
    def empty(self) -> bool:
        """Whether no pixel is set."""
        ...

    @property
    def confidence(self) -> NDArray[np.uint8]:
        """uint8 [h, w], probability times 255; what was believed even when nothing was found."""
        ...

    @property
    def mask(self) -> NDArray[np.bool_]:
        """bool [h, w]; all False when nothing was found."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MaskAnswer:
    """A :class:`Mask` whose pixels are all at hand; see there for the attributes."""

    confidence: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    roi_xywh: tuple[int, int, int, int]
    peak_xy: tuple[int, int]
    score: float

    def __post_init__(self) -> None:
        _require(self.confidence, "confidence", np.uint8, (None, None))
        _require(self.mask, "mask", np.bool_, self.confidence.shape)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of both maps."""
        return self.mask.shape[1], self.mask.shape[0]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """bool [height, width] of the box."""
        x, y, width, height = self.roi_xywh
        return self.mask[y : y + height, x : x + width]

    @property
    def empty(self) -> bool:
        """Whether no pixel is set."""
        return self.roi_xywh[2] == 0


@dataclass(frozen=True, slots=True, eq=False)
class Grounding:
    """The answer to one command on one frame.

    Attributes:
        command: The command, its target decided (never AUTO).
        frame: The frame it was answered on.
        found: Whether the thing is there; when False both masks are empty.
        existence: Probability that it is there, 0 to 1.
        score: Confidence in the mask that was asked for, 0 to 1.
        object: The referred object.
        region: The referred navigable region.
        candidates: How many separate things of comparable strength the object mask holds; above one for a
            command that names a single thing, the command is ambiguous.
        stage_ns: Duration of each stage that led here, in nanoseconds, by name.
        reason: Why nothing was found, in words for a person; empty when found.
        propagated_ns: How much older than ``frame`` the frame is that the model looked at, by their times of exposure;
            0 where it looked at ``frame`` itself.
    """

    command: Command
    frame: Frame
    found: bool
    existence: float
    score: float
    object: Mask
    region: Mask
    candidates: int = 0
    stage_ns: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    reason: str = ""
    propagated_ns: int = 0

    def __post_init__(self) -> None:
        if self.command.target is Target.AUTO:
            raise ValueError("a grounding's command has its target decided")
        if self.propagated_ns < 0:
            raise ValueError("a grounding comes of its own frame or of an older one")
        if not self.found and not (self.object.empty and self.region.empty):
            raise ValueError("a grounding that found nothing has empty masks")

    @property
    def asked(self) -> Mask:
        """The mask that the command asks for."""
        return self.region if self.command.target is Target.REGION else self.object
