"""Rendered scenes on disk: written one by one, readable while they are being written.

A frame ``00042`` is three files: ``00042.jpg`` (the picture), ``00042.png`` (8-bit RGB: class id, instance id modulo
256, instance id divided by 256) and ``00042.json`` (instances and seed). With the geometry there is a fourth,
``00042.depth.png`` (16 bits: centimetres along the optical axis, 65534 for what is farther, 65535 for the sky), and the
JSON holds the camera and a box for each instance. The JSON comes last and in one step, so a frame with a JSON is
complete.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.origins import ORIGINS
from ris_ros.data.pictures import Pictures
from ris_ros.data.scenes.geometry import (
    Geometry,
    box_as_json,
    box_from_json,
    camera_as_json,
    camera_from_json,
    decode_depth,
    encode_depth,
)
from ris_ros.errors import DataError, OutputError

JPEG_QUALITY = 90


def write_frame(
    folder: Path, name: str, image: LabeledImage, facts: dict[str, Any], geometry: Geometry | None = None
) -> None:
    """Write one frame.

    Args:
        folder: Existing folder.
        name: Name of the frame.
        image: What to write; instance ids must be below 65536.
        facts: Further JSON values to keep beside the instances (the seed).
        geometry: Camera, depth and boxes of the same picture, where they are known.

    Raises:
        OutputError: A file cannot be written.
    """
    truth = np.zeros((*image.class_map.shape, 3), np.uint8)
    truth[..., 2] = image.class_map
    truth[..., 1] = image.instance_map & 255
    truth[..., 0] = image.instance_map >> 8
    instances: dict[str, dict[str, Any]] = {
        str(key): {
            "class": info.class_name,
            "colour": info.colour,
            "distance_m": info.distance_m,
            "attributes": info.attributes,
        }
        for key, info in image.instances.items()
    }
    record: dict[str, Any] = {"id": image.id, "instances": instances, **facts}
    if geometry is not None:
        record["camera"] = camera_as_json(geometry.camera)
        for key, box in geometry.boxes.items():
            instances[str(key)]["box"] = box_as_json(box)
    try:
        picture = cv2.cvtColor(image.image_rgb, cv2.COLOR_RGB2BGR)
        (folder / f"{name}.jpg").write_bytes(_encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]))
        (folder / f"{name}.png").write_bytes(_encoded(".png", truth, [cv2.IMWRITE_PNG_COMPRESSION, 6]))
        if geometry is not None:
            depth = _encoded(".png", encode_depth(geometry.depth_m), [cv2.IMWRITE_PNG_COMPRESSION, 3])
            _depth_path(folder / f"{name}.json").write_bytes(depth)
        partial = folder / f"{name}.json.part"
        partial.write_text(json.dumps(record), encoding="utf-8")
        os.replace(partial, folder / f"{name}.json")
    except OSError as error:
        raise OutputError(f"{folder}: frame {name} cannot be written ({error.strerror}): check space.") from None


class SceneSet(Pictures):
    """The complete frames of a folder, read when asked for.

    Args:
        folder: Where ``ris data render`` writes to; frames added later are not seen.

    Raises:
        DataError: The folder does not exist or holds no complete frame.
    """

    def __init__(self, folder: Path) -> None:
        self._frames = sorted(folder.glob("*.json"))
        if not self._frames:
            raise ORIGINS["scenes"].missing(folder / "*.json")

    @property
    def frames(self) -> list[str]:
        """Names of the frames, in order."""
        return [path.stem for path in self._frames]

    def read(self, index: int) -> LabeledImage:
        """Frame ``index``."""
        return _read(self._frames[index])

    def geometry(self, index: int) -> Geometry | None:
        """Camera, depth and boxes of a frame; None where it was written without.

        Raises:
            DataError: What was written is damaged.
        """
        return _read_geometry(self._frames[index])

    def seconds(self, index: int) -> float | None:
        """When in its ride a frame was taken; None for a picture by itself.

        Raises:
            DataError: Its record is damaged.
        """
        path = self._frames[index]
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            return float(record["sequence"]["seconds"]) if "sequence" in record else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: is not a scene's record ({error}): render the frame again.") from None


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


def _read_geometry(path: Path) -> Geometry | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if "camera" not in record:
            return None
        camera = camera_from_json(record["camera"])
        boxes = {int(key): box_from_json(facts["box"]) for key, facts in record["instances"].items()}
        steps = cv2.imread(str(_depth_path(path)), cv2.IMREAD_UNCHANGED)
        if steps is None or steps.dtype != np.uint16 or steps.shape != (camera.size_px[1], camera.size_px[0]):
            raise ValueError("its depth is missing or damaged")
        return Geometry(camera, decode_depth(np.asarray(steps, np.uint16)), boxes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: its geometry cannot be read ({error}): render the frame again.") from None


def _depth_path(record: Path) -> Path:
    return record.with_name(f"{record.stem}.depth.png")


def _encoded(suffix: str, image: np.ndarray[Any, Any], options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise OutputError(f"OpenCV cannot encode {suffix}: reinstall opencv-python-headless.")
    return bytes(data)
