"""From a checkpoint to a bundle that every backend reads."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from ris_ros.config.bundle import ROLES
from ris_ros.config.training import TrainingSettings
from ris_ros.errors import BundleError, ConfigError, MissingExtraError
from ris_ros.language import text_graph, weights
from ris_ros.model.network import ReferringNetwork
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime.bundle import Bundle, write_bundle
from ris_ros.training.calibrate import calibrate
from ris_ros.training.card import write_card
from ris_ros.training.checkpoint import in_half, read_checkpoint, write_start
from ris_ros.training.graphs import build_graphs
from ris_ros.training.session import VALIDATION_SETS, load_text_encoder
from ris_ros.training.sources import open_source, parse_roots
from ris_ros.training.text import TextMemo
from ris_ros.training.validation import EVEN, Answers, ValidationSet, figures, mean_class_iou

DATA_LICENCE = (
    "Trained on CamVid (CC BY-NC, research use) and on street scenes rendered by this project: the weights are for "
    "research and other non-commercial use."
)


def export_bundle(
    checkpoint: Path,
    out: Path,
    name: str,
    version: str,
    data: Sequence[str],
    for_torch: bool = False,
    start_weights: Path | None = None,
) -> Bundle:
    """Write the running mean of a checkpoint's weights as a bundle.

    Args:
        checkpoint: Folder of the checkpoint.
        out: Folder of the bundle.
        name: Name of the model.
        version: Version of the model.
        data: ``name=folder`` of each source whose validation split calibrates the thresholds and gives the card's
            figures; without any the thresholds are 0.5.
        for_torch: Put the weights in once more, for the backend that runs the network itself.
        start_weights: Folder for what other runs begin with; None for none.

    Returns:
        The bundle, opened and thereby verified.

    Raises:
        DataError: The checkpoint or the validation data cannot be read.
        BundleError: The weights cannot be stored.
        OutputError: The bundle cannot be written.
        MissingExtraError: A package that only export needs is not installed.
    """
    read = read_checkpoint(checkpoint)
    settings = read.settings
    network = ReferringNetwork(**settings.network.model_dump())
    network.load_state_dict(read.part("average"))
    network.eval().requires_grad_(False)
    thresholds, measured = _judge(network, settings, data)
    vision, ground = build_graphs(
        network, settings.network.input_size_px, settings.max_tokens, settings.network.text_width
    )
    card = write_card(
        f"{name} {version}", settings, read.lifetime, thresholds, measured, list(parse_roots(data)), DATA_LICENCE
    )
    files = {
        "vision.onnx": vision,
        "ground.onnx": ground,
        "text.onnx": _text_graph(),
        "tokenizer.json": (weights.find_package_folder() / "tokenizer.json").read_bytes(),
        "README.md": card.encode(),
    }
    if for_torch:
        files["weights.safetensors"] = _half(network)
    bundle = write_bundle(out, _manifest(name, version, settings, thresholds), files)
    if start_weights is not None:
        write_start(start_weights, read)
    return bundle


def _judge(
    network: ReferringNetwork, settings: TrainingSettings, data: Sequence[str]
) -> tuple[Thresholds, Mapping[str, float]]:
    if not data:
        return EVEN, {}
    text = TextMemo(load_text_encoder(settings.max_tokens, settings.threads), settings.text_memo)
    answers, confusions = [], []
    for name, root in parse_roots(data).items():
        if name not in VALIDATION_SETS:
            raise ConfigError(f"--data {name}: thresholds are chosen on {' or '.join(VALIDATION_SETS)}.")
        write, count = VALIDATION_SETS[name]
        images = open_source(name, root, "val")
        held = ValidationSet(images, write, text, len(images), count, settings.network.input_size_px)
        answer, confusion = held.answers(network)
        answers.append(answer)
        confusions.append(confusion)
    every = Answers.join(answers)
    thresholds = calibrate(every)
    return thresholds, figures(every, thresholds) | {"semantic_miou": mean_class_iou(confusions[0])}


def _manifest(name: str, version: str, settings: TrainingSettings, thresholds: Thresholds) -> dict[str, object]:
    network = settings.network
    return {
        "format": 1,
        "name": name,
        "version": version,
        "input_size_px": list(network.input_size_px),
        "any_size": True,
        "normalisation": {"mean": list(network.mean), "std": list(network.std)},
        "thresholds": asdict(thresholds),
        "roles": dict(ROLES),
        "text": {
            "encoder": weights.ENCODER_NAME,
            "sha256": weights.SHA256,
            "max_tokens": settings.max_tokens,
            "width": network.text_width,
        },
        "data_licence": DATA_LICENCE,
        "network": network.model_dump(mode="json"),
    }


def _text_graph() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "text.onnx"
        text_graph.build(weights.find_weights(), graph)
        return graph.read_bytes()


def _half(network: nn.Module) -> bytes:
    try:
        from safetensors.torch import save
    except ImportError:
        raise MissingExtraError("safetensors", "train") from None
    state = in_half(network.state_dict())
    for name, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise BundleError(f"Weight {name} does not fit half precision: train with a stronger weight decay.")
    content: bytes = save(state)
    return content
