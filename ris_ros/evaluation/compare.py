"""Two runs on the same sentences, compared sentence by sentence.

Both runs are resampled with the same draws and it is the difference of their figures whose interval is taken: what
makes a frame hard is hard for both and cancels out. A run is called better only where the interval does not hold zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from ris_ros.errors import DataError
from ris_ros.evaluation.headline import HEADLINES, over_scores
from ris_ros.evaluation.resampling import Resampling, Statistic, Units
from ris_ros.evaluation.results import Results
from ris_ros.evaluation.score import Score

Verdict = Literal["better", "worse", "open"]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two runs.

    Attributes:
        label: For people.
        count: Sentences of a kind; None for a headline figure.
        a: Of the first run.
        b: Of the second.
        difference: ``b - a``.
        low: Lower end of its interval.
        high: Upper end.
        verdict: On the second run; ``open`` where the interval holds zero.
    """

    label: str
    count: int | None
    a: float
    b: float
    difference: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What two runs have in common and how they differ.

    Attributes:
        paired: Sentences of both, with the same truth.
        only_a: Sentences of the first run alone, or with another truth in the second.
        only_b: The reverse.
        headline: Name of the figure -> difference.
        kinds: ``<target> <kind>`` -> difference in mean IoU, or for kinds that are never there in the share rejected.
    """

    paired: int
    only_a: int
    only_b: int
    headline: dict[str, Difference]
    kinds: dict[str, Difference]


def compare(a: Results, b: Results, seed: int = 0, block_frames: int = 1) -> Comparison:
    """Compare two runs on what both were asked.

    Args:
        a: The first run.
        b: The second.
        seed: Of the resampling.
        block_frames: Neighbouring frames of a drive that are resampled together.

    Raises:
        DataError: They have no sentence in common.
    """
    scores = _paired(a.scores, b.scores, _sentence, _truth)
    if not scores:
        raise DataError("The two runs have no sentence in common: compare runs on the same data, split and seed.")
    classes = _paired(a.classes, b.classes, lambda c: (c.image_id, c.class_name), lambda c: None)
    ours = Results(tuple(one for one, _ in scores), tuple(one for one, _ in classes))
    theirs = Results(tuple(other for _, other in scores), tuple(other for _, other in classes))
    units = Units(ours.image_ids, block_frames)
    resampling = Resampling(units.count, seed)

    def differ(
        label: str, make: Callable[[Results, Units], Statistic], count: int | None = None, less_is_better: bool = False
    ) -> Difference | None:
        return _difference(label, make(ours, units), make(theirs, units), resampling, count, less_is_better)

    headline = {
        name: differ(figure.label, figure.make, less_is_better=figure.less_is_better)
        for name, figure in HEADLINES.items()
    }
    kinds = {}
    for name, count in sorted(Counter(_kind(s) for s in ours.scores).items()):
        there = any(s.match is not None for s in ours.scores if _kind(s) == name)
        value = _iou if there else _rejected
        label = f"{name}: {'mean IoU' if there else 'rejected'}"
        kinds[name] = differ(label, over_scores(_of_kind(name, there), value), count)
    return Comparison(
        paired=len(scores),
        only_a=len(a.scores) - len(scores),
        only_b=len(b.scores) - len(scores),
        headline={name: made for name, made in headline.items() if made is not None},
        kinds={name: made for name, made in kinds.items() if made is not None},
    )


def comparison_table(comparison: Comparison, names: tuple[str, str]) -> str:
    """The differences as aligned text.

    Args:
        comparison: What to show.
        names: What the two runs are called.
    """
    lines = [
        f"A: {names[0]}",
        f"B: {names[1]}",
        f"{comparison.paired} sentences of both, {comparison.only_a} of A only, {comparison.only_b} of B only",
        "",
        f"{'':44}{'A':>7}{'B':>7}{'B - A':>8}{'95 %':>18}",
    ]
    for part in (*comparison.headline.values(), *comparison.kinds.values()):
        verdict = {"better": "B is better", "worse": "B is worse", "open": ""}[part.verdict]
        lines.append(
            f"{part.label:44}{part.a:7.3f}{part.b:7.3f}{part.difference:+8.3f}"
            f"{f'[{part.low:+.3f} {part.high:+.3f}]':>18}  {verdict}".rstrip()
        )
    return "\n".join(lines)


def _difference(
    label: str, a: Statistic, b: Statistic, resampling: Resampling, count: int | None, less_is_better: bool
) -> Difference | None:
    """None where one of the runs says nothing of the figure."""
    one, other = resampling.estimate(a).value, resampling.estimate(b).value
    made = resampling.estimate(lambda draws: b(draws) - a(draws))
    if one is None or other is None or made.value is None or made.low is None or made.high is None:
        return None
    verdict: Verdict = "open"
    if made.low > 0.0 or made.high < 0.0:
        verdict = "better" if (made.low > 0.0) != less_is_better else "worse"
    return Difference(label, count, one, other, made.value, made.low, made.high, verdict)


def _paired(
    a: Sequence[_Item], b: Sequence[_Item], key: Callable[[_Item], Hashable], truth: Callable[[_Item], Hashable]
) -> list[tuple[_Item, _Item]]:
    """Items of both, in the order of ``a``, whose truth is the same; what was asked twice pairs in order."""
    others = dict(_numbered(b, key))
    pairs = [(item, others[name]) for name, item in _numbered(a, key) if name in others]
    return [(one, other) for one, other in pairs if truth(one) == truth(other)]


def _numbered(items: Iterable[_Item], key: Callable[[_Item], Hashable]) -> list[tuple[Hashable, _Item]]:
    seen: Counter[Hashable] = Counter()
    named: list[tuple[Hashable, _Item]] = []
    for item in items:
        name = key(item)
        named.append(((name, seen[name]), item))
        seen[name] += 1
    return named


def _sentence(scored: Score) -> Hashable:
    return scored.image_id, scored.target, scored.text


def _truth(scored: Score) -> Hashable:
    return scored.exists, None if scored.match is None else scored.match.truth_key


def _kind(scored: Score) -> str:
    return f"{scored.target} {scored.kind}"


def _of_kind(name: str, there: bool) -> Callable[[Score], bool]:
    return lambda scored: _kind(scored) == name and (scored.match is not None) == there


def _iou(scored: Score) -> float:
    return scored.overlap(True).iou


def _rejected(scored: Score) -> float:
    return float(not scored.found)
