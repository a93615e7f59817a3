"""The model card of a bundle: what it was trained on, how long, how good it is, and what it is not for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ris_ros.config.training import TrainingSettings
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.training.checkpoint import Position

_FIGURES = {
    "object_miou": "mean IoU of referred objects, without the existence gate",
    "object_pointing": "share of objects whose most probable pixel lies in the truth",
    "region_miou": "mean IoU of referred regions, without the existence gate",
    "region_pointing": "share of regions whose most probable pixel lies in the truth",
    "kept": "share of true sentences found to be true",
    "rejected": "share of false sentences found to be false",
    "semantic_miou": "mean IoU of the classes of the auxiliary head (training only)",
}


def write_card(
    label: str,
    settings: TrainingSettings,
    position: Position,
    thresholds: Thresholds,
    measured: Mapping[str, float],
    sources: Sequence[str],
    data_licence: str,
) -> str:
    """The card as Markdown.

    Args:
        label: Name and version.
        settings: Of the run.
        position: What the weights have gone through, earlier runs included.
        thresholds: The bundle's.
        measured: Figures on the validation data by name; empty where none was given.
        sources: Names of the validation data.
        data_licence: Licence of the training data, and what it means for the weights.
    """
    width, height = settings.network.input_size_px
    table = "\n".join(f"| {_FIGURES[name]} | {value:.3f} |" for name, value in measured.items() if name in _FIGURES)
    figures = (
        f"Measured by `ris export` at the network's resolution on {_asked(sources)}. The split is one stretch of a "
        "drive: training saw none of its frames, but what came before and after it. The thresholds were chosen on it "
        "too, so the figures flatter:\n\n"
        f"| figure | value |\n| --- | --- |\n{table}\n\n"
        "`ris eval` measures at the images' own size.\n"
        if measured
        else "Not measured: the bundle was exported without validation data, and its thresholds are not calibrated.\n"
    )
    return f"""# {label}

Referred object, referred navigable region and existence, from one street image and a sentence.

- Input: RGB, {width}x{height}, letterboxed on grey; masks at a quarter of that.
- Text encoder: all-MiniLM-L6-v2 (Apache-2.0), frozen, not part of this folder.
- Trained from scratch by `ris train`: {position.step} steps, {position.images} images and {position.sentences} \
sentences (repetitions and earlier runs included), {position.elapsed_s / 3600:.2f} hours.
- Sources and how often each was drawn: {_shares(settings)}.
- Thresholds: object {thresholds.object:.2f}, region {thresholds.region:.2f}, existence {thresholds.existence:.2f}.

## Licence

{data_licence}

## Figures

{figures}
## Limits

Street scenes from a car's point of view, in English. Its real pictures come from three drives through one English town,
so other towns, cameras and weathers look strange to it. Small and far things, fine relations and crowds are its weak
side. A region says where a person might want to go, not that the way is free or safe: never steer
by it without other means of seeing.
"""


_ASKED = {
    "camvid": "sentences that the grammar writes about the validation split of CamVid, held-out phrasings included",
    "camvid_notes": "what people said of every second frame of the validation split of CamVid",
}


def _asked(sources: Sequence[str]) -> str:
    return " and ".join(_ASKED.get(source, source) for source in sources)


def _shares(settings: TrainingSettings) -> str:
    total = sum(settings.source_weights.values())
    return ", ".join(f"{name} {weight / total:.0%}" for name, weight in settings.source_weights.items() if weight)
