"""Settings of a training run; a checkpoint carries them, so that a run can be resumed and repeated."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ris_ros.config.network import NetworkSettings
from ris_ros.config.strict import Settings


class LossSettings(Settings):
    """Weight of each part of the loss."""

    cross_entropy: float = Field(2.0, ge=0, description="Pixel-wise binary cross entropy of the masks.")
    dice: float = Field(1.0, ge=0, description="Dice loss of the masks of things that are there.")
    pointing: float = Field(0.15, ge=0, description="Cross entropy of where the highest pixel lies, whatever the size.")
    coarse: float = Field(0.4, ge=0, description="The above for the masks at stride 16.")
    negative: float = Field(0.6, ge=0, description="Weight of a mask that ought to be empty (RefSegformer: 0.4).")
    absent: float = Field(0.15, ge=0, description="Cross entropy of the highest pixels of what is not there.")
    existence: float = Field(0.5, ge=0, description="Binary cross entropy of existence; reaches no mask feature.")
    semantic: float = Field(0.5, ge=0, description="Cross entropy of the class of every pixel, void left out.")
    colour: float = Field(0.3, ge=0, description="Cross entropy of the colour of every pixel whose colour is known.")


class AugmentSettings(Settings):
    """How an image is varied before sentences are written about it."""

    flip: float = Field(0.5, ge=0, le=1, description="Chance of mirroring left and right.")
    whole: float = Field(0.5, ge=0, le=1, description="Chance of keeping the whole image, letterboxed.")
    fill: float = Field(0.5, ge=0, le=1, description="Chance that a crop fills the input instead of being letterboxed.")
    min_scale: float = Field(
        0.35, ge=0.1, le=1, description="Smallest crop, as a share of the largest that fits: far things are seen large."
    )
    light: float = Field(0.3, ge=0, le=1, description="Largest relative change of brightness and contrast.")
    tint: float = Field(0.08, ge=0, le=0.5, description="Largest relative change of one colour channel.")
    blur: float = Field(0.1, ge=0, le=1, description="Chance of a slight blur.")
    noise: float = Field(0.2, ge=0, le=1, description="Chance of sensor noise.")
    night: float = Field(0.02, ge=0, le=1, description="Chance of night.")
    rain: float = Field(0.05, ge=0, le=1, description="Chance of rain.")
    fog: float = Field(0.03, ge=0, le=1, description="Chance of fog.")
    glare: float = Field(0.05, ge=0, le=1, description="Chance of a low sun in the picture.")
    motion_blur: float = Field(0.07, ge=0, le=1, description="Chance that the camera moved while the shutter was open.")
    jpeg: float = Field(0.1, ge=0, le=1, description="Chance of a hard JPEG compression.")
    recolour: float = Field(0.2, ge=0, le=1, description="Chance, of each vehicle and person, of another colour.")
    paste: float = Field(
        0.35, ge=0, le=0.9, description="Chance of a thing out of another picture, and after each of one more."
    )


class TrainingSettings(Settings):
    """One training run."""

    network: NetworkSettings = Field(default_factory=lambda: NetworkSettings.model_validate({}))
    losses: LossSettings = Field(default_factory=lambda: LossSettings.model_validate({}))
    augment: AugmentSettings = Field(default_factory=lambda: AugmentSettings.model_validate({}))
    source_weights: dict[str, float] = Field(
        {"camvid_notes": 0.6, "camvid": 0.12, "scenes": 0.28},
        description="How often each source is drawn from, relative to the others that a run is given.",
    )
    said_share: float = Field(
        0.5, ge=0, le=1, description="Share of sentences that people said, of images that they spoke about."
    )
    style: Literal["free", "plain"] = Field(
        "free", description="Of the grammar's sentences; plain keeps to one template per meaning, to compare with."
    )
    seed: int = Field(0, ge=0, description="Of weights, order, augmentation and sentences.")
    steps: int = Field(12_000, ge=1, description="Optimiser steps of the whole run; a time budget may end it earlier.")
    images_per_step: int = Field(16, ge=1, le=512, description="Images of a batch; each is seen once per step.")
    sentences_per_image: int = Field(6, ge=1, le=64, description="Sentences asked of each image of a batch.")
    learning_rate: float = Field(1.5e-3, gt=0, le=1, description="Peak of the schedule.")
    weight_decay: float = Field(0.03, ge=0, le=1, description="Of weights with two or more dimensions.")
    warm_up: float = Field(0.03, ge=0, lt=1, description="Share of the run in which the learning rate rises.")
    clip_norm: float = Field(2.0, gt=0, description="Largest norm of the gradient.")
    average_decay: float = Field(0.998, ge=0, lt=1, description="Decay of the running mean of the weights.")
    precision: Literal["bf16", "fp32"] = Field("bf16", description="Of the arithmetic; weights stay fp32.")
    workers: int = Field(1, ge=0, le=64, description="Processes that prepare images; 0 prepares them in the trainer.")
    threads: int = Field(2, ge=1, le=256, description="Threads of the arithmetic on a CPU.")
    max_tokens: int = Field(32, ge=8, le=128, description="Word pieces kept of a sentence.")
    text_memo: int = Field(60_000, ge=1, description="Sentences whose text features are kept in memory.")
    log_every: int = Field(20, ge=1, description="Steps between two lines of the log.")
    checkpoint_minutes: float = Field(5.0, gt=0, description="Minutes between two checkpoints.")
    validate_minutes: float = Field(10.0, gt=0, description="Minutes between two validations.")
    validation_images: int = Field(40, ge=0, le=10_000, description="Images of a validation, evenly spread.")

    @model_validator(mode="after")
    def _weights_are_usable(self) -> TrainingSettings:
        if any(weight < 0 for weight in self.source_weights.values()) or not any(self.source_weights.values()):
            raise ValueError("source_weights must not be negative, and one must be positive")
        return self
