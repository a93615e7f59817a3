"""The probabilities from which answers count."""

from __future__ import annotations

from dataclasses import dataclass

from ris_ros.config.bundle import ThresholdSettings
from ris_ros.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on something counts; each lies strictly between 0 and 1.

    Attributes:
        object: A pixel belongs to the referred object.
        region: A pixel belongs to the referred region.
        existence: The thing is held to be there.
    """

    object: float
    region: float
    existence: float

    def __post_init__(self) -> None:
        for name in ("object", "region", "existence"):
            value = getattr(self, name)
            if not 0.0 < value < 1.0:
                raise ConfigError(f"The {name} threshold is {value}: it must lie between 0 and 1, both excluded.")

    @classmethod
    def of(cls, settings: ThresholdSettings) -> Thresholds:
        """Those that a bundle states."""
        return cls(settings.object, settings.region, settings.existence)
