"""A training run from its files: settings, data and text encoder put together, then the loop."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import torch

from ris_ros.config.strict import load_settings
from ris_ros.config.training import TrainingSettings
from ris_ros.data.edit.cutout import ThingBank
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import draw_sayings
from ris_ros.errors import ConfigError, OutputError
from ris_ros.language import text_graph, weights
from ris_ros.language.encoder import TextEncoder
from ris_ros.model.network import ReferringNetwork
from ris_ros.training.augment import Variation
from ris_ros.training.checkpoint import Checkpoint, read_checkpoint
from ris_ros.training.curves import draw_curves
from ris_ros.training.samples import Mixture, ReferringSamples, Write
from ris_ros.training.sentences import MixedSentences
from ris_ros.training.sources import open_source, parse_roots
from ris_ros.training.team import Team
from ris_ros.training.text import TextMemo
from ris_ros.training.trainer import LOG, Trainer, Validate
from ris_ros.training.validation import ValidationSet

VALIDATION_SETS: Mapping[str, tuple[Write, int]] = MappingProxyType(
    {"camvid": (MixedSentences(0.0, "all"), 8), "camvid_notes": (draw_sayings, 12)}
)
"""Source -> what is asked of its validation images (the grammar's sentences in any phrasing, held-out ones included; or
what people said), and how many of it per image."""


def train(
    out: Path,
    data: Sequence[str],
    config: Path | None = None,
    resume: bool = False,
    max_minutes: float | None = None,
    device: str = "cpu",
    start: Path | None = None,
) -> None:
    """Train until the budget is spent.

    Args:
        out: Folder of the run.
        data: ``name=folder`` of each source.
        config: YAML of :class:`TrainingSettings`; the checkpoint's or the defaults otherwise.
        resume: Go on with the run in ``out``.
        max_minutes: Time budget of the whole run.
        device: ``cpu`` or ``cuda``.
        start: Checkpoint of another run whose weights to begin with.

    Raises:
        ConfigError: Settings or sources are not understood, or do not fit the run to be resumed.
        DataError: A source or the checkpoint cannot be read.
        OutputError: ``out`` holds another run, or cannot be written.
    """
    checkpoint = read_checkpoint(out / "checkpoint") if resume else None
    if checkpoint is None and (out / "checkpoint").exists():
        raise OutputError(f"{out}: already holds a run: add --resume, or choose another folder.")
    if not resume:
        # Tried before the long work, which could not be saved.
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{out}: cannot be written to ({error.strerror}): choose another folder.") from None
    settings = _settings(config, checkpoint)
    origin = read_checkpoint(start) if start is not None and checkpoint is None else None
    torch.set_num_threads(settings.threads)
    team = Team.join(device)
    roots = parse_roots(data)
    unweighted = [name for name in roots if settings.source_weights.get(name, 0.0) <= 0.0]
    if unweighted:
        raise ConfigError(f"source_weights: gives no weight to {', '.join(unweighted)}: add it to the settings.")
    sources = [open_source(name, root, "train") for name, root in roots.items()]
    text = TextMemo(load_text_encoder(settings.max_tokens, settings.threads), settings.text_memo)
    samples = ReferringSamples(
        Mixture(sources, [settings.source_weights[name] for name in roots]),
        MixedSentences(settings.said_share, "train", settings.style),
        settings.sentences_per_image,
        settings.network.input_size_px,
        Variation(**settings.augment.model_dump()),
        settings.seed,
        settings.steps * settings.images_per_step,
        _bank(dict(zip(roots, sources, strict=True))),
    )
    validate = _validation(settings, roots, text) if team.leads and settings.validation_images else None
    Trainer(settings, text, out, max_minutes, team, checkpoint, origin).run(samples, validate)
    if team.leads:
        draw_curves(out / LOG, out / "curves.png")


def _bank(sources: Mapping[str, Sequence[LabeledImage]]) -> ThingBank | None:
    """Things out of real pictures alone, the best described first: a rendered one is too easily told on a real road."""
    return next((ThingBank(sources[name]) for name in ("camvid_notes", "camvid") if name in sources), None)


def _validation(settings: TrainingSettings, roots: Mapping[str, Path], text: TextMemo) -> Validate | None:
    """What to watch: the grammar's sentences and, where notes are there, what people said, on frames kept apart."""
    size = settings.network.input_size_px
    watched = {
        name: ValidationSet(open_source(name, roots[name], "val"), write, text, settings.validation_images, count, size)
        for name, (write, count) in VALIDATION_SETS.items()
        if name in roots
    }

    def figures(network: ReferringNetwork) -> dict[str, float]:
        return {f"{name}_{figure}": value for name, held in watched.items() for figure, value in held(network).items()}

    return figures if watched else None


def load_text_encoder(max_tokens: int, threads: int) -> TextEncoder:
    """The installed text encoder.

    Raises:
        MissingExtraError: Its package or its runtime is not installed.
        BundleError: It is another one.
    """
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "text.onnx"
        text_graph.build(weights.find_weights(), graph)
        tokenizer = weights.find_package_folder() / "tokenizer.json"
        return TextEncoder(graph, tokenizer, weights.find_weights(), max_tokens, threads)


def _settings(config: Path | None, checkpoint: Checkpoint | None) -> TrainingSettings:
    given = load_settings(TrainingSettings, config) if config is not None else None
    if checkpoint is None:
        return given or TrainingSettings.model_validate({})
    if given is not None and given.network != checkpoint.settings.network:
        raise ConfigError(f"{config}: its network is not the checkpoint's: remove the key 'network'.")
    return given or checkpoint.settings
