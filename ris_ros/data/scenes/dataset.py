"""Rendered scenes on disk: written one by one, readable while they are being written.

A frame ``00042`` is three files: ``00042.jpg`` (the picture), ``00042.png`` (8-bit RGB: class id, instance id modulo
256, instance id divided by 256) and ``00042.json`` (instances and seed). The JSON comes last and in one step, so a
frame with a JSON is complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np

from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.origins import ORIGINS
from ris_ros.errors import DataError, OutputError

JPEG_QUALITY = 90


def write_frame(folder: Path, name: str, image: LabeledImage, facts: dict[str, Any]) -> None:
    """Write one frame.

    Args:
        folder: Existing folder.
        name: Name of the frame.
        image: What to write; instance ids must be below 65536.
        facts: Further JSON values to keep beside the instances (the seed).

    Raises:
        OutputError: A file cannot be written.
    """
    truth = np.zeros((*image.class_map.shape, 3), np.uint8)
    truth[..., 2] = image.class_map
    truth[..., 1] = image.instance_map & 255
    truth[..., 0] = image.instance_map >> 8
    instances = {
        str(key): {
            "class": info.class_name,
            "colour": info.colour,
            "distance_m": info.distance_m,
            "attributes": info.attributes,
        }
        for key, info in image.instances.items()
    }
    record = {"id": image.id, "instances": instances, **facts}
    try:
        picture = cv2.cvtColor(image.image_rgb, cv2.COLOR_RGB2BGR)
        (folder / f"{name}.jpg").write_bytes(_encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]))
        (folder / f"{name}.png").write_bytes(_encoded(".png", truth, [cv2.IMWRITE_PNG_COMPRESSION, 6]))
        partial = folder / f"{name}.json.part"
        partial.write_text(json.dumps(record), encoding="utf-8")
        os.replace(partial, folder / f"{name}.json")
    except OSError as error:
        raise OutputError(f"{folder}: frame {name} cannot be written ({error.strerror}): check space.") from None


class SceneSet(Sequence[LabeledImage]):
    """The complete frames of a folder, read when asked for.

    Args:
        folder: Where ``python -m ris_ros.data.scenes`` writes to; frames added later are not seen.

    Raises:
        DataError: The folder does not exist or holds no complete frame.
    """

    def __init__(self, folder: Path) -> None:
        self._frames = sorted(folder.glob("*.json"))
        if not self._frames:
            raise ORIGINS["scenes"].missing(folder / "*.json")

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> LabeledImage: ...
    @overload
    def __getitem__(self, index: slice) -> list[LabeledImage]: ...
    def __getitem__(self, index: int | slice) -> LabeledImage | list[LabeledImage]:
        if isinstance(index, slice):
            return [_read(path) for path in self._frames[index]]
        return _read(self._frames[index])


def open_scenes(root: Path, split: str) -> SceneSet:
    """The scenes of a folder; they have one part only, so ``split`` says nothing."""
    return SceneSet(root)


def _read(path: Path) -> LabeledImage:
    picture = cv2.imread(str(path.with_suffix(".jpg")), cv2.IMREAD_COLOR)
    truth = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_COLOR)
    if picture is None or truth is None or picture.shape != truth.shape:
        raise DataError(f"{path}: its picture or its label map is missing or damaged: render the frame again.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        instances = {
            int(key): InstanceInfo(
                str(facts["class"]), facts["colour"], float(facts["distance_m"]), tuple(facts["attributes"])
            )
            for key, facts in record["instances"].items()
        }
        name = str(record["id"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: is not a scene's record ({error}): render the frame again.") from None
    instance_map = truth[..., 1].astype(np.int32) | (truth[..., 0].astype(np.int32) << 8)
    return LabeledImage(
        name,
        np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8),
        np.ascontiguousarray(truth[..., 2]),
        instance_map,
        instances,
    )


def _encoded(suffix: str, image: np.ndarray[Any, Any], options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise OutputError(f"OpenCV cannot encode {suffix}: reinstall opencv-python-headless.")
    return bytes(data)
