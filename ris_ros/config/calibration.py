"""A camera's calibration as a file: the YAML that ROS's camera_calibration writes and camera_info_manager reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from ris_ros.config.strict import Settings, load_settings

_Count = Annotated[int, Field(ge=0, le=100)]


class CalibrationMatrix(Settings):
    """A matrix as OpenCV writes it into YAML, its values row by row."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    rows: _Count
    cols: _Count
    data: list[float]

    @model_validator(mode="after")
    def _has_its_values(self) -> CalibrationMatrix:
        if len(self.data) != self.rows * self.cols:
            raise ValueError(f"{self.rows} x {self.cols} values belong here, not {len(self.data)}")
        return self


class Calibration(Settings):
    """What such a file says of the unrectified picture; what it says beside that, as of a stereo pair, is not needed.

    Whether the numbers are those of a camera is for :class:`~ris_ros.geometry.camera_model.CameraModel` to say.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    image_width: Annotated[int, Field(ge=1, le=100_000)]
    image_height: Annotated[int, Field(ge=1, le=100_000)]
    camera_matrix: CalibrationMatrix
    distortion_model: str
    distortion_coefficients: CalibrationMatrix

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.image_width, self.image_height


def load_calibration(path: Path) -> Calibration:
    """Read such a file.

    Raises:
        ConfigError: It is missing, is not YAML, or lacks what is needed.
    """
    return load_settings(Calibration, path)
