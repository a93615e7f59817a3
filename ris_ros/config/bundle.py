"""What a model bundle's ``bundle.yaml`` says, and nothing else."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ris_ros.config.network import NetworkSettings
from ris_ros.config.strict import Settings

REQUIRED_FILES = ("vision.onnx", "ground.onnx", "text.onnx", "tokenizer.json")
OPTIONAL_FILES = ("weights.safetensors", "README.md")
FORMAT = 1
ROLES = MappingProxyType({1: "referred_object", 2: "referred_region"})
"""Value in a label mask -> stable role name."""


def _known_files(files: dict[str, str]) -> dict[str, str]:
    for name in files:
        if name not in REQUIRED_FILES + OPTIONAL_FILES:
            known = ", ".join(REQUIRED_FILES + OPTIONAL_FILES)
            raise ValueError(f"'{name}' is no file of a bundle (known: {known})")
    for name in REQUIRED_FILES:
        if name not in files:
            raise ValueError(f"'{name}' is missing from the list")
    return files


def _fixed_roles(roles: dict[int, str]) -> dict[int, str]:
    if roles != ROLES:
        raise ValueError(f"must be {dict(ROLES)}")
    return roles


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
Channel = tuple[float, float, float]


class NormalisationSettings(Settings):
    """How the vision graph normalises its input; the graph does it, this only says so."""

    mean: Channel = Field(description="Mean of red, green, blue on the scale 0 to 255.")
    std: tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]] = (
        Field(description="Standard deviation of red, green, blue on the scale 0 to 255.")
    )


class ThresholdSettings(Settings):
    """The probabilities from which this model's answers count, as measured on validation data."""

    object: Probability = Field(description="From which a pixel belongs to the referred object.")
    region: Probability = Field(description="From which a pixel belongs to the referred region.")
    existence: Probability = Field(description="From which the thing is held to be there.")


class TextSettings(Settings):
    """The text encoder whose features the ground graph was trained on."""

    encoder: str = Field(min_length=1, description="Name of the encoder.")
    sha256: Sha256 = Field(description="Checksum of the encoder's model.safetensors.")
    max_tokens: int = Field(ge=3, le=512, description="Number of tokens that a command is padded or cut to.")
    width: int = Field(ge=1, le=4096, description="Length of a word's feature vector.")


def _readable_format(format_: int) -> int:
    if format_ != FORMAT:
        raise ValueError(f"this version of ris_ros reads format {FORMAT}: install the version that wrote the bundle")
    return format_


class BundleSettings(Settings):
    """The contents of ``bundle.yaml``."""

    format: Annotated[int, AfterValidator(_readable_format)] = Field(description="Version of this layout.")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Name of the model.")
    version: str = Field(min_length=1, description="Version of the model.")
    input_size_px: tuple[Annotated[int, Field(ge=32, le=4096)], Annotated[int, Field(ge=32, le=4096)]] = Field(
        description="Width and height of the network's input; of the largest one where any_size is set."
    )
    any_size: bool = Field(
        False, description="Whether the graphs also take smaller images, of any sides that are multiples of 32."
    )
    normalisation: NormalisationSettings = Field(description="Normalisation inside the vision graph.")
    thresholds: ThresholdSettings = Field(description="Thresholds to use where the user sets none.")
    roles: Annotated[dict[int, str], AfterValidator(_fixed_roles)] = Field(description="Value in a label mask -> role.")
    text: TextSettings = Field(description="Text encoder.")
    data_licence: str = Field(
        min_length=1, description="Licence of the training data, and what it means for the weights."
    )
    network: NetworkSettings | None = Field(
        None, description="Shape of the network, by which the torch backend builds it; needs weights.safetensors."
    )
    files: Annotated[dict[str, Sha256], AfterValidator(_known_files)] = Field(description="File name -> checksum.")

    @model_validator(mode="after")
    def _consistent(self) -> BundleSettings:
        if "weights.safetensors" in self.files and self.network is None:
            raise ValueError("weights.safetensors is listed, but network does not say of what shape it is")
        if self.network is not None:
            stated = (self.input_size_px, self.normalisation.mean, self.normalisation.std, self.text.width)
            network = (self.network.input_size_px, self.network.mean, self.network.std, self.network.text_width)
            if stated != network:
                raise ValueError(f"input_size_px, normalisation and text.width are {stated}, but network has {network}")
        return self
