"""Ratios that hold on any machine of a kind, kept in a file, and fresh ones held against them.

Times belong to a machine; how many times one thing takes as long as another belongs to the code. The file names kinds
of machines by backend and precision, each ratio by a name, its value, and how far a fresh one may be off in the bad
direction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ris_ros.benchmark.scaling import Curve
from ris_ros.benchmark.stages import Whole
from ris_ros.benchmark.timing import Ratio
from ris_ros.config.strict import Settings, parse_settings
from ris_ros.errors import ConfigError, DataError, first_line

SCHEMA = 1
TOLERANCE = 0.35
"""Of a ratio that is written: what medians of a quiet machine and of a busy one differ by, and not a broken stage."""
Bad = Literal["higher", "lower"]


class KeptRatio(Settings):
    """One ratio of the file."""

    value: float = Field(gt=0.0, description="What it was when the file was written.")
    tolerance: float = Field(gt=0.0, description="Share of the value by which a fresh one may be worse.")
    bad: Bad = Field(description="The direction in which it is worse.")
    what: str = Field(min_length=1, description="What is divided by what, for people.")


class RatiosFile(Settings):
    """The file: kind of machine -> name -> ratio."""

    schema_version: Annotated[int, Field(ge=SCHEMA, le=SCHEMA)] = SCHEMA
    kinds: dict[str, dict[str, KeptRatio]] = Field(description="By backend and precision, such as openvino-bf16.")

    @classmethod
    def read(cls, path: Path) -> RatiosFile:
        """Read a file.

        Raises:
            DataError: It cannot be read, or is no such file.
        """
        try:
            values = json.loads(path.read_bytes())
            if not isinstance(values, dict):
                raise ValueError("it holds no names and values")
            return parse_settings(cls, values, "in it")
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}): name a file of `ris bench --write-ratios`."
            ) from None
        except (ValueError, RecursionError, ConfigError) as error:
            raise DataError(
                f"{path}: is no file of `ris bench --write-ratios` ({first_line(error)}): write it again."
            ) from None

    def dumped(self) -> bytes:
        """The file's contents."""
        return (json.dumps(self.model_dump(), indent=2) + "\n").encode()


@dataclass(frozen=True, slots=True)
class FreshRatio:
    """A ratio just measured; see :class:`KeptRatio` and :class:`~ris_ros.benchmark.timing.Ratio`."""

    ratio: Ratio
    bad: Bad
    what: str


def fresh_ratios(
    curves: Mapping[str, Curve], whole: Whole | None, times_faster: Mapping[str, Ratio]
) -> dict[str, FreshRatio]:
    """Every ratio that a run tells.

    Args:
        curves: Of :func:`~ris_ros.benchmark.scaling.measure_scaling`.
        whole: At 1280x720.
        times_faster: Name of a peer -> how many times as long it takes as ours.
    """
    found: dict[str, FreshRatio] = {}

    def add(name: str, curve: str, above: str, below: str, what: str) -> None:
        known = curves[curve].durations_ms
        if above != below and above in known and below in known:
            found[name] = FreshRatio(curves[curve].ratio(above, below), "higher", what)

    if curves:
        add("ground_16_commands_to_1", "ground", "16", "1", "ground of 16 commands / of 1")
        add("model_16_commands_to_1", "commands", "16", "1", "vision and ground of 16 commands / of 1")
        add("whole_16_commands_to_1", "commands_whole", "16", "1", "1280x720 image to answers, 16 commands / 1")
        add("vision_6_cameras_to_1", "cameras", "6", "1", "vision of 6 cameras / of 1")
        add("ground_to_vision", "parts", "ground", "vision", "ground of 1 command / vision of 1 image")
        sizes = list(curves["sizes"].durations_ms)
        add(
            f"model_{sizes[-1]}_to_{sizes[0]}",
            "sizes",
            sizes[-1],
            sizes[0],
            "vision and ground, smallest / largest input",
        )
    if whole is not None:
        what = "share of image to answer that is not model"
        found["not_model_share_1280x720"] = FreshRatio(whole.not_model, "higher", what)
    for peer, ratio in times_faster.items():
        found[f"times_faster_than_{peer}"] = FreshRatio(ratio, "lower", f"{peer} in its best runtime / ours")
    return found


def updated(path: Path, kind: str, fresh: Mapping[str, FreshRatio]) -> RatiosFile:
    """A file's contents with fresh ratios of a kind; all else, and the tolerances that are there, stay.

    Args:
        path: The file, which need not exist.
        kind: Backend and precision.
        fresh: Just measured.

    Raises:
        DataError: The file is there, but is no such file.
    """
    file = RatiosFile.read(path) if path.exists() else RatiosFile(kinds={})
    before = file.kinds.get(kind, {})
    ratios = {
        name: KeptRatio(
            value=round(one.ratio.median, 3),
            tolerance=before[name].tolerance if name in before else TOLERANCE,
            bad=one.bad,
            what=one.what,
        )
        for name, one in fresh.items()
    }
    return RatiosFile(kinds={**file.kinds, kind: {**before, **ratios}})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fresh ratio held against the file's.

    Attributes:
        name: Its name.
        fresh: The median just measured.
        value: The file's.
        limit: What it may be at worst.
        holds: Whether it is within the limit.
        sentence: The same in words.
    """

    name: str
    fresh: float
    value: float
    limit: float
    holds: bool
    sentence: str

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def require_kind(file: RatiosFile, kind: str) -> None:
    """Refuse a kind of machine that a file knows nothing of.

    Raises:
        DataError: It does not.
    """
    if kind not in file.kinds:
        raise DataError(
            f"The file of ratios knows {', '.join(file.kinds) or 'no kind'}, not {kind}: "
            f"add it with `ris bench --write-ratios`, or choose another --backend."
        )


def check(fresh: Mapping[str, FreshRatio], file: RatiosFile, kind: str, slack: float = 1.0) -> list[Verdict]:
    """Hold what was measured against a file; what only one of them has is passed over.

    Args:
        fresh: Just measured.
        file: What should be.
        kind: Backend and precision.
        slack: Factor on the tolerances, for a machine that is not quiet.

    Raises:
        DataError: The file knows no machine of this kind, or none of the ratios.
    """
    require_kind(file, kind)
    verdicts = []
    for name, should in file.kinds[kind].items():
        if name not in fresh:
            continue
        median = fresh[name].ratio.median
        room = 1.0 + should.tolerance * slack
        limit = should.value * room if should.bad == "higher" else should.value / room
        holds = median <= limit if should.bad == "higher" else median >= limit
        bound = "at most" if should.bad == "higher" else "at least"
        change = "holds" if holds else f"is worse than {limit:.2f}"
        sentence = (
            f"{name} {change}: {median:.2f}, should be {bound} {limit:.2f} (was {should.value:.2f}; {should.what})"
        )
        verdicts.append(Verdict(name, median, should.value, limit, holds, sentence))
    if not verdicts:
        raise DataError(f"None of the ratios of {kind} was measured: measure stages, scaling or peers.")
    return verdicts
