"""``ris plan``: from a picture and a command to a goal and a path, or how good such plans are on rendered scenes."""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ris_ros.cli.model_choice import add_model_arguments, load_model
from ris_ros.config.ground import POSE_NUMBERS, GroundSettings
from ris_ros.config.planning import PlanningSettings
from ris_ros.errors import CommandError, ConfigError, DataError, GeometryError, ImageError
from ris_ros.types import Command, Frame, Grounding, Mask, Target

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ris_ros.data.scenes.geometry import Geometry
    from ris_ros.evaluation.planning_trial import Eyes
    from ris_ros.geometry.camera_model import CameraModel
    from ris_ros.geometry.rigid import RigidTransform
    from ris_ros.geometry.viewpoint import Viewpoint
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.planning.picture import Sight
    from ris_ros.planning.place import PointsIn

EXAMPLE = """\
ris plan --image street.jpg --text "park behind the white van" --camera camera.yaml --pose "0 0 1.4 0 0.03 0"
ris plan --image street.jpg --text "the red car" --camera camera.yaml --robot car --out plan.png
ris plan --measure scenes --masks truth --count 200 --robot car
(the scenes by: ris data render --out scenes --count 300)"""
METRICS_FILE = "planning.json"

ROBOTS: dict[str, PlanningSettings] = {
    "small": PlanningSettings(),
    "car": PlanningSettings(
        robot_front_m=1.9, robot_rear_m=2.6, robot_width_m=1.8, turning_radius_m=5.5, clearance_m=0.3
    ),
}
"""Outlines about the point of the ground that ``--pose`` starts from, below the camera in rendered scenes."""

_LEVEL_POSE = "0 0 1.4 0 0 0"
_EXIT_NO_PATH = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--image", type=Path, metavar="I", help="one picture; needs --text and --camera")
    source.add_argument(
        "--measure",
        type=Path,
        metavar="DIR",
        help="plan on a folder of rendered scenes (`ris data render`) and hold the plans against their exact ground",
    )
    parser.add_argument("--text", metavar="T", help="the command")
    parser.add_argument("--target", metavar="KIND", help="object, region or auto (default)")
    parser.add_argument(
        "--camera", type=Path, metavar="F", help="the camera's calibration, YAML as ROS's camera_calibration writes it"
    )
    parser.add_argument(
        "--pose",
        metavar="P",
        help="the camera on the robot: x y z (metres) roll pitch yaw (radians), positive pitch looks down "
        f"(default: '{_LEVEL_POSE}')",
    )
    parser.add_argument(
        "--depth", type=Path, metavar="D", help="depth image of the same view: 16-bit PNG, millimetres, 0 for unknown"
    )
    parser.add_argument(
        "--robot", default="small", choices=sorted(ROBOTS), help="small (default): turns on the spot; car: radius 5.5 m"
    )
    parser.add_argument(
        "--masks",
        choices=("truth", "model"),
        help="with --measure: truth measures geometry and planning alone, model (default) everything end to end",
    )
    parser.add_argument("--count", type=int, metavar="N", help="with --measure: only N pictures, evenly spread")
    parser.add_argument(
        "--commands-per-image", type=int, metavar="K", help="with --measure: sentences on each picture (default 4)"
    )
    parser.add_argument(
        "--before",
        type=int,
        metavar="N",
        help="with --measure: the robot has seen the N frames of its ride before each (default 0: single pictures)",
    )
    parser.add_argument("--seed", type=int, metavar="S", help="with --measure: the same seed asks the same (default 0)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help=f"the PNG to write (default plan.png); with --measure the folder for {METRICS_FILE}",
    )
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Plan; returns 0, or 1 where there is no path."""
    single, many = (
        ("text", "target", "camera", "pose", "depth"),
        ("masks", "count", "commands_per_image", "before", "seed"),
    )
    for name in many if args.image is not None else single:
        if getattr(args, name) is not None:
            with_what = "--measure" if args.image is not None else "--image"
            raise CommandError(f"--{name.replace('_', '-')} goes with {with_what}.")
    if args.image is None:
        return _measure(args)
    if not args.text or args.camera is None:
        raise CommandError("--image needs --text (what to do) and --camera (the camera's calibration file).")
    return _plan_one(args)


def sight_of(
    frame: Frame,
    command: Command,
    perceiver: Perceiver,
    viewpoint: Viewpoint,
    settings: PlanningSettings,
    points_in: PointsIn | None = None,
) -> tuple[Grounding, Sight]:
    """Everything that a model and a planner make of a command on one picture: the answer, and the plan to be drawn.

    Args:
        frame: The picture.
        command: What to do.
        perceiver: The model.
        viewpoint: The camera over the ground, in the robot's base frame.
        settings: The robot, and the texts that the ground is asked for by.
        points_in: What depth says, None without.

    Raises:
        BackendError: The model failed.
        GeometryError: The camera sees no ground.
    """
    from ris_ros.geometry.birds_eye import BirdsEye
    from ris_ros.geometry.rigid import RigidTransform
    from ris_ros.pipeline.overlay import draw
    from ris_ros.planning.from_settings import grid_of, planner_of, robot_of
    from ris_ros.planning.picture import Sight
    from ris_ros.planning.place import place

    view = BirdsEye(viewpoint, grid_of(settings))
    seen = perceiver.look([frame])
    (grounding,) = perceiver.answer(seen, [command])
    (surroundings,) = perceiver.survey(seen, settings.free_texts, settings.obstacle_texts)
    planner = planner_of(settings, confirm_frames=1)
    here = RigidTransform.identity()
    planner.follow(grounding.command)
    planner.see(view, surroundings, here)
    planner.note(view, grounding, place(grounding, viewpoint, points_in), here)
    plan, occupancy = planner.plan(), planner.occupancy()
    if plan is None or occupancy is None:
        raise ValueError("a planner that was told of a picture and a command has a plan")
    return grounding, Sight(draw((grounding,)), viewpoint, occupancy, plan, robot_of(settings).footprint)


def believed_viewpoint(camera: CameraModel, base_from_camera: RigidTransform) -> Viewpoint:
    """A camera over the ground, believed as far as the node believes one by default."""
    from ris_ros.geometry.viewpoint import Viewpoint

    ground = GroundSettings()
    return Viewpoint(
        camera,
        base_from_camera,
        ground.ground_z_m,
        ground.max_range_m,
        math.radians(ground.pitch_error_deg),
        ground.max_range_error,
    )


def rendered_view(geometry: Geometry) -> Viewpoint:
    """The camera of a rendered picture, whose pose above the ground is exact."""
    from ris_ros.evaluation.true_ground import base_from_camera, camera_model

    return believed_viewpoint(camera_model(geometry.camera), base_from_camera(geometry.camera))


def read_camera(path: Path, size_px: tuple[int, int]) -> CameraModel:
    """The camera of a calibration file, for pictures of a size.

    Raises:
        ConfigError: The file is missing or damaged, or its numbers are no camera's of such pictures.
    """
    from ris_ros.config.calibration import load_calibration
    from ris_ros.geometry.camera_model import CameraModel

    read = load_calibration(path)
    try:
        return CameraModel.from_calibration(
            read.size_px, read.camera_matrix.data, read.distortion_model, read.distortion_coefficients.data
        ).scaled(size_px)
    except GeometryError as error:
        raise ConfigError(f"{path}: {error}") from None


def camera_pose(numbers: str) -> RigidTransform:
    """``base_from_camera`` (its optical frame) of ``--pose``.

    Raises:
        CommandError: It is not six numbers.
    """
    from ris_ros.geometry.rigid import OPTICAL_AXES, RigidTransform

    try:
        x, y, z, roll, pitch, yaw = (float(word) for word in numbers.replace(",", " ").split())
    except ValueError:
        raise CommandError(
            f"--pose '{numbers}': give {POSE_NUMBERS} numbers, x y z in metres and roll pitch yaw in radians."
        ) from None
    if not all(map(math.isfinite, (x, y, z, roll, pitch, yaw))):
        raise CommandError(f"--pose '{numbers}': its numbers must be finite.")
    body = RigidTransform.from_xyz_rpy((x, y, z), roll, pitch, yaw)
    return RigidTransform(body.rotation @ OPTICAL_AXES, body.translation_m)


def _plan_one(args: argparse.Namespace) -> int:
    from ris_ros.data.image_file import encode_png, read_rgb
    from ris_ros.data.output_file import write_whole
    from ris_ros.language.utterance import clean
    from ris_ros.planning.picture import plan_picture

    out = args.out or Path("plan.png")
    if out.suffix.lower() != ".png":
        raise CommandError(f"--out '{out}': the picture is written as PNG: give a name that ends in .png.")
    command = Command("plan", clean(args.text), Target.parse(args.target or "auto"), 0)
    frame = Frame("image", read_rgb(args.image), 0)
    camera = read_camera(args.camera, frame.size_px)
    if args.pose is None:
        print(f"No --pose: the camera is taken to be at '{_LEVEL_POSE}'.", file=sys.stderr)
    viewpoint = believed_viewpoint(camera, camera_pose(args.pose or _LEVEL_POSE))
    viewpoint.require_ground()  # before the model takes its time
    points_in = None if args.depth is None else _depth_in(_read_depth(args.depth), camera)
    _, perceiver = load_model(args)
    try:
        grounding, sight = sight_of(frame, command, perceiver, viewpoint, ROBOTS[args.robot], points_in)
    finally:
        perceiver.close()
    plan = sight.plan
    goal = plan.goal
    record = {
        "found": grounding.found,
        "goal": None if goal is None else [round(value, 3) for value in (goal.x_m, goal.y_m, goal.yaw_rad)],
        "path": None if plan.path is None else plan.path.poses.round(3).tolist(),
        "region": plan.region_m.round(3).tolist(),
        "reason": plan.reason,
    }
    write_whole(out, encode_png(plan_picture(sight)))
    print(json.dumps(record))
    print(f"{plan.reason or 'A goal and a path.'} Picture: {out}", file=sys.stderr)
    return 0 if plan.path is not None else _EXIT_NO_PATH


def _measure(args: argparse.Namespace) -> int:
    from ris_ros.data.output_file import check_writable, write_whole
    from ris_ros.data.scenes.dataset import SceneSet
    from ris_ros.evaluation.planning import Course, measure, planning_figures, planning_table
    from ris_ros.evaluation.planning_trial import ModelEyes, TrueEyes, trials_as_json
    from ris_ros.planning.from_settings import grid_of, planner_of, robot_of

    per_image = 4 if args.commands_per_image is None else args.commands_per_image
    if min(per_image, 1 if args.count is None else args.count) < 1 or (args.before or 0) < 0:
        raise DataError("--count and --commands-per-image must be at least 1, and --before not negative.")
    if args.out is not None:
        check_writable(args.out)
    scenes, settings = SceneSet(args.measure), ROBOTS[args.robot]
    course = Course(args.count, per_image, args.seed or 0, args.before or 0)
    about = {
        "masks": args.masks or "model",
        "robot": args.robot,
        "pictures": args.count or len(scenes),
        "before": course.before,
    }
    about |= {"seed": course.seed, "command_line": shlex.join(["ris", *sys.argv[1:]])}
    perceiver = None
    eyes: Eyes = TrueEyes()
    if args.masks != "truth":
        bundle, perceiver = load_model(args)
        about |= {"bundle": bundle.label, "backend": perceiver.backend.name}
        eyes = ModelEyes(perceiver, settings.free_texts, settings.obstacle_texts)
    try:
        measured = measure(
            scenes,
            course,
            eyes,
            robot_of(settings),
            grid_of(settings),
            lambda: planner_of(settings, confirm_frames=1),
            rendered_view,
            _show,
        )
    finally:
        if perceiver is not None:
            perceiver.close()
    figures = {"about": about, **planning_figures(measured)}
    print(planning_table(figures))
    if args.out is not None:
        written = {**figures, "trials": trials_as_json(measured.trials)}
        write_whole(args.out / METRICS_FILE, json.dumps(written, indent=1).encode())
        print(f"Figures: {args.out / METRICS_FILE}", file=sys.stderr)
    return 0


def _depth_in(depth_m: NDArray[np.float32], camera: CameraModel) -> PointsIn:
    """What depth says about a mask; where it says nothing, the plan is made without it, and the user is told."""
    from ris_ros.geometry.lifting import depth_points

    def points_in(mask: Mask) -> NDArray[np.float64]:
        try:
            return depth_points(depth_m, mask.inside, mask.roi_xywh, mask.size_px, camera)
        except GeometryError as error:
            print(f"Planned without depth: {error}", file=sys.stderr)
            raise

    return points_in


def _read_depth(path: Path) -> NDArray[np.float32]:
    import cv2
    import numpy as np

    from ris_ros.geometry.lifting import depth_of

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror}): check the path.") from None
    stored = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if stored is None or stored.dtype != np.uint16 or stored.ndim != 2:
        raise ImageError(f"{path}: is no depth image: give a PNG of one channel and 16 bits, in millimetres.")
    return depth_of(stored, "16UC1")


def _show(done: int, total: int) -> None:
    live = sys.stderr.isatty()
    if live or done == total or done % 20 == 0:
        print(f"{done} of {total} pictures", end="\r" if live and done < total else "\n", file=sys.stderr, flush=True)
