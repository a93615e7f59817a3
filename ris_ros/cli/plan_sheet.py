"""Ten commands, planned with the shipped model, as the sheet of pictures in ``docs/planning.md``.

    python -m ris_ros.cli.plan_sheet --rides rides --out docs/pictures/plans.jpg

The commands were written down before anybody had seen an answer, and all ten are shown. Five are said on the sample
drive, to a car; five are the first that the grammar writes (seed 0) on a frame of each of the first five rides of a
folder (``ris data render --sequence 24``), to a small robot.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.cli.model_choice import add_model_arguments, load_model
from ris_ros.cli.plan import ROBOTS, believed_viewpoint, rendered_view, sight_of
from ris_ros.errors import DataError, RisError
from ris_ros.types import Command, Frame, Target

if TYPE_CHECKING:
    from ris_ros.geometry.viewpoint import Viewpoint

ON_THE_DRIVE: tuple[tuple[int, str], ...] = (
    (12, "follow the cyclist"),
    (24, "the red car on the left"),
    (36, "stop next to the pedestrian on the right"),
    (48, "pull over behind the white van"),
    (72, "change to the left lane"),
)
"""(frame, what is said) on the sample drive."""

RIDES = 5
RIDE_FRAME = 12
_DRIVE_HZ = 12.0
_COLUMNS = 2
_CELL_WIDTH_PX = 780
_GAP_PX = 10
_JPEG_QUALITY = 78


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One command of the sheet.

    Attributes:
        frame: The picture.
        viewpoint: Its camera, as exactly as it is known.
        text: The command.
        robot: Name in :data:`~ris_ros.cli.plan.ROBOTS`.
    """

    frame: Frame
    viewpoint: Viewpoint
    text: str
    robot: str


def on_the_drive(folder: Path) -> Iterator[Said]:
    """The commands of the sample drive; the camera's pose is the one that it was rendered with."""
    from ris_ros.data.drive import SampleDrive
    from ris_ros.data.scenes.drive_story import camera_at
    from ris_ros.evaluation.true_ground import base_from_camera
    from ris_ros.geometry.camera_model import CameraModel

    drive = SampleDrive(folder)
    info = drive.camera
    model = CameraModel.from_calibration(info.size_px, info.k, info.distortion_model, info.d)
    said = dict(ON_THE_DRIVE)
    for shot in drive.frames():
        if shot.index in said:
            pose = base_from_camera(camera_at(shot.index / _DRIVE_HZ, info.size_px))
            frame = Frame("drive", shot.rgb(), shot.stamp_ns)
            yield Said(frame, believed_viewpoint(model, pose), said[shot.index], "car")


def on_rides(folder: Path) -> Iterator[Said]:
    """The first command that the grammar writes on a frame of each ride."""
    from ris_ros.data.scenes.dataset import SceneSet
    from ris_ros.evaluation.planning import Course, commands_on

    scenes = SceneSet(folder)
    for ride in range(RIDES):
        name = f"{ride:05d}-{RIDE_FRAME:03d}"
        if name not in scenes.frames:
            raise DataError(f"{folder}: has no frame {name}: render {RIDES} rides (`ris data render --sequence 24`).")
        index = scenes.frames.index(name)
        image, geometry = scenes.read(index), scenes.geometry(index)
        if geometry is None:
            raise DataError(f"{folder}: frame {name} has no geometry: render it again.")
        (expression, *_) = commands_on(image, Course(None, 1, 0), index)
        yield Said(Frame("ride", image.image_rgb, 0), rendered_view(geometry), expression.text, "small")


def sheet(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures in two columns, all of one width."""
    cells = [_fitted(picture) for picture in pictures]
    height = max(cell.shape[0] for cell in cells)
    rows = []
    for start in range(0, len(cells), _COLUMNS):
        row = np.full((height + _GAP_PX, _COLUMNS * (_CELL_WIDTH_PX + _GAP_PX) - _GAP_PX, 3), 255, np.uint8)
        for column, cell in enumerate(cells[start : start + _COLUMNS]):
            left = column * (_CELL_WIDTH_PX + _GAP_PX)
            row[: cell.shape[0], left : left + _CELL_WIDTH_PX] = cell
        rows.append(row)
    return np.concatenate(rows)[:-_GAP_PX]


def _fitted(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height = round(picture.shape[0] * _CELL_WIDTH_PX / picture.shape[1])
    return np.asarray(cv2.resize(picture, (_CELL_WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)


def main() -> int:
    """Write the sheet."""
    from ris_ros.data.output_file import write_whole
    from ris_ros.language.utterance import clean
    from ris_ros.planning.describe import describe
    from ris_ros.planning.picture import plan_picture

    parser = argparse.ArgumentParser(description="Draw ten plans of the shipped model.")
    parser.add_argument("--sample", type=Path, default=Path("sample"), help="the sample drive's folder")
    parser.add_argument("--rides", type=Path, required=True, help="rendered rides, with their geometry")
    parser.add_argument("--out", type=Path, required=True, help="the JPEG to write")
    add_model_arguments(parser)
    args = parser.parse_args()
    pictures = []
    try:
        said = [*on_the_drive(args.sample), *on_rides(args.rides)]
        _, perceiver = load_model(args)
        for number, one in enumerate(said, start=1):
            command = Command(str(number), clean(one.text), Target.AUTO, one.frame.stamp_ns)
            _, sight = sight_of(one.frame, command, perceiver, one.viewpoint, ROBOTS[one.robot])
            print(f"{number}. {one.text}: {describe(sight.plan)}")
            pictures.append(plan_picture(sight))
        perceiver.close()
        done, data = cv2.imencode(
            ".jpg", cv2.cvtColor(sheet(pictures), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        )
        if not done:
            raise RisError("The sheet could not be encoded as JPEG: is OpenCV complete?")
        write_whole(args.out, bytes(data))
    except RisError as error:
        print(f"plan_sheet: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
