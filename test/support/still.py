"""The variation that leaves every picture as it is: whole, unmirrored and unchanged."""

from __future__ import annotations

from ris_ros.config.training import TrainingSettings
from ris_ros.training.augment import Variation

STILL = Variation(
    **{**dict.fromkeys(TrainingSettings.model_validate({}).augment.model_dump(), 0.0), "whole": 1.0, "min_scale": 1.0}
)
