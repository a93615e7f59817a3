"""What a camera sees where: its intrinsics, as sensor_msgs/CameraInfo states them.

Pixel centres lie at whole numbers, as in OpenCV and ROS: the picture's first pixel covers -0.5 to 0.5. Points and rays
are in the optical frame: x right, y down, z forward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.aspect import same_aspect
from ris_ros.geometry.lens import RADIAL_TANGENTIAL_COEFFICIENTS, Equidistant, Lens, Pinhole, RadialTangential

PLUMB_BOB = "plumb_bob"
RATIONAL_POLYNOMIAL = "rational_polynomial"
EQUIDISTANT = ("equidistant", "fisheye")
NO_LENS = ("", "none", "pinhole")

_TILTED_COEFFICIENTS = 14
_COUNTS = {PLUMB_BOB: (4, 5), RATIONAL_POLYNOMIAL: (8, RADIAL_TANGENTIAL_COEFFICIENTS, _TILTED_COEFFICIENTS)}


@dataclass(frozen=True, slots=True)
class CameraModel:
    """Which direction each pixel of a picture looks in.

    Attributes:
        size_px: (width, height) of the picture.
        focal_px: (fx, fy), pixels for a slope of 1.
        centre_px: (cx, cy), where the optical axis meets the picture.
        lens: What happens before the image plane.
    """

    size_px: tuple[int, int]
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    lens: Lens

    def __post_init__(self) -> None:
        if min(self.size_px) < 1:
            width, height = self.size_px
            raise GeometryError(f"The camera's picture has {width}x{height} pixels: check its CameraInfo.")
        if not all(map(math.isfinite, (*self.focal_px, *self.centre_px))):
            raise GeometryError("The camera's calibration holds values that are not numbers: calibrate it again.")
        if not min(self.focal_px) > 0.0:
            raise GeometryError(
                "The camera is not calibrated (its focal length is 0 or negative): calibrate it and publish CameraInfo."
            )

    @classmethod
    def from_calibration(
        cls,
        size_px: tuple[int, int],
        k: Sequence[float],
        distortion_model: str,
        d: Sequence[float],
        *,
        p: Sequence[float] | None = None,
        binning_xy: tuple[int, int] = (1, 1),
        roi_xywh: tuple[int, int, int, int] | None = None,
    ) -> CameraModel:
        """The model of a camera's images, from the fields of its CameraInfo.

        Args:
            size_px: (width, height) of the whole, unbinned picture, to which all the rest refers.
            k: Nine values, row by row: fx 0 cx, 0 fy cy, 0 0 1.
            distortion_model: ``plumb_bob``, ``rational_polynomial``, ``equidistant`` or ``fisheye``; none where ``d``
                is empty.
            d: Its coefficients, in OpenCV's order: 4 or 5; 8, or 12 with thin prisms (14 if the sensor is not tilted);
                4 of a fisheye. Empty (not for a fisheye): a pinhole.
            p: Twelve values, row by row. Given for rectified images only: in place of ``k`` and ``d``, with no
                distortion. Its fourth column is not used: the frame's origin is this camera's own optical centre.
            binning_xy: Pixels that were made one, in each direction; 0 means 1.
            roi_xywh: The part that was read out, unbinned pixels; None or all zero: the whole.

        Returns:
            A model of the image as it is sent, after the region was read out and binned.

        Raises:
            GeometryError: The camera is not calibrated, or its calibration cannot be used as it stands.
        """
        if p is None:
            focal, centre = _intrinsics(k, "K", 9, 3)
            lens = _lens(distortion_model, d)
        else:
            focal, centre = _intrinsics(p, "P", 12, 4)
            lens = Pinhole()
        whole = cls((int(size_px[0]), int(size_px[1])), focal, centre, lens)
        return whole._read_out(roi_xywh)._binned(binning_xy)

    def scaled(self, size_px: tuple[int, int]) -> CameraModel:
        """The model of the same pictures, shrunk or enlarged as a whole.

        Raises:
            GeometryError: The aspect is another, by more than rounding to whole pixels: such images are cut out, and
                from where is not known.
        """
        (width, height), (own_width, own_height) = size_px, self.size_px
        if min(size_px) < 1 or not same_aspect(size_px, self.size_px):
            raise GeometryError(
                f"The images have {width}x{height} pixels and the camera's calibration is for {own_width}x{own_height},"
                " which is another aspect: publish the CameraInfo of these images."
            )
        scale_x, scale_y = width / own_width, height / own_height
        return replace(
            self,
            size_px=(width, height),
            focal_px=(self.focal_px[0] * scale_x, self.focal_px[1] * scale_y),
            centre_px=((self.centre_px[0] + 0.5) * scale_x - 0.5, (self.centre_px[1] + 0.5) * scale_y - 0.5),
        )

    def cropped(self, roi_xywh: tuple[int, int, int, int]) -> CameraModel:
        """The model of a part (x, y, width, height) of the picture, in its own pixels."""
        x, y, width, height = roi_xywh
        return replace(self, size_px=(width, height), centre_px=(self.centre_px[0] - x, self.centre_px[1] - y))

    def project(self, points_camera_m: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Where points appear.

        Args:
            points_camera_m: [n, 3] in the optical frame.

        Returns:
            float64 [n, 2] pixels, NaN for points behind the camera or out of the lens's field; and bool [n]: whether
            the point is in the picture.
        """
        xy_px = self.lens.project(points_camera_m)
        xy_px *= self.focal_px
        xy_px += self.centre_px
        return xy_px, self._in_picture(xy_px)

    def rays(self, xy_px: NDArray[np.floating]) -> NDArray[np.float64]:
        """Directions that pixels look in.

        Args:
            xy_px: [n, 2]; they need not lie in the picture.

        Returns:
            float64 [n, 3] of length 1 in the optical frame; NaN where the lens has no direction for a pixel.
        """
        uv = np.array(xy_px, np.float64, order="F")
        uv -= self.centre_px
        uv /= self.focal_px
        return self.lens.rays(uv)

    def _in_picture(self, xy_px: NDArray[np.float64]) -> NDArray[np.bool_]:
        x, y = xy_px[:, 0], xy_px[:, 1]
        width, height = self.size_px
        with np.errstate(invalid="ignore"):
            inside: NDArray[np.bool_] = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
        return inside

    def _read_out(self, roi_xywh: tuple[int, int, int, int] | None) -> CameraModel:
        if roi_xywh is None or not any(roi_xywh):
            return self
        x, y, width, height = (int(value) for value in roi_xywh)
        whole_width, whole_height = self.size_px
        if not (0 <= x < x + width <= whole_width and 0 <= y < y + height <= whole_height):
            raise GeometryError(
                f"The region of interest {width}x{height} at ({x}, {y}) is no part of the camera's"
                f" {whole_width}x{whole_height} pixels: check roi in its CameraInfo."
            )
        return self.cropped((x, y, width, height))

    def _binned(self, binning_xy: tuple[int, int]) -> CameraModel:
        across, down = (max(1, int(value)) for value in binning_xy)
        if across == down == 1:
            return self
        width, height = self.size_px[0] // across, self.size_px[1] // down
        # Pixels that are left over at the far edges are not read out.
        read = self.cropped((0, 0, width * across, height * down))
        return replace(
            read,
            size_px=(width, height),
            focal_px=(read.focal_px[0] / across, read.focal_px[1] / down),
            centre_px=((read.centre_px[0] + 0.5) / across - 0.5, (read.centre_px[1] + 0.5) / down - 0.5),
        )


def _intrinsics(
    matrix: Sequence[float], name: str, count: int, columns: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Focal lengths and centre, of a matrix of three rows."""
    values = [float(value) for value in matrix]
    if len(values) != count:
        raise GeometryError(f"{name} of the camera's CameraInfo has {len(values)} values in place of {count}.")
    focal, centre = (values[0], values[columns + 1]), (values[2], values[columns + 2])
    skew = (values[1], values[columns])
    if any(abs(value) > 1e-9 * abs(focal[0]) for value in skew):
        raise GeometryError(f"{name} of the camera's CameraInfo has skewed axes, which no lens model here has.")
    return focal, centre


def _lens(distortion_model: str, d: Sequence[float]) -> Lens:
    """The lens that a name and its coefficients stand for."""
    name = distortion_model.strip().lower()
    coefficients = tuple(float(value) for value in d)
    if not all(map(math.isfinite, coefficients)):
        raise GeometryError("The camera's distortion coefficients are not all numbers: calibrate it again.")
    if name in EQUIDISTANT:
        if len(coefficients) != 4:
            raise _wrong_count(name, len(coefficients), "4")
        return Equidistant((coefficients[0], coefficients[1], coefficients[2], coefficients[3]))
    if name not in (*NO_LENS, *_COUNTS):
        raise GeometryError(
            f"The camera's distortion model '{distortion_model}' is not known: calibrate it as {PLUMB_BOB},"
            f" {RATIONAL_POLYNOMIAL} or {EQUIDISTANT[0]}."
        )
    if not any(coefficients):
        return Pinhole()
    if name in NO_LENS:
        raise GeometryError(
            f"The camera's CameraInfo has {len(coefficients)} distortion coefficients and does not say of which model:"
            " set distortion_model."
        )
    counts = _COUNTS[name]
    if len(coefficients) not in counts:
        raise _wrong_count(name, len(coefficients), " or ".join(map(str, counts)))
    if any(coefficients[RADIAL_TANGENTIAL_COEFFICIENTS:]):
        raise GeometryError(
            "The camera's calibration has a tilted sensor (14 coefficients), which is not supported: calibrate it with"
            " 8 or 12."
        )
    kept = coefficients[:RADIAL_TANGENTIAL_COEFFICIENTS]
    return RadialTangential((*kept, *[0.0] * (RADIAL_TANGENTIAL_COEFFICIENTS - len(kept))))


def _wrong_count(name: str, count: int, wanted: str) -> GeometryError:
    return GeometryError(
        f"The camera's CameraInfo has {count} distortion coefficients for the model '{name}', which has {wanted}:"
        " calibrate it again."
    )
