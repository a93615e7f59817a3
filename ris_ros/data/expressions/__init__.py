"""A compositional grammar of referring expressions and manoeuvre commands over a labelled street scene."""

from ris_ros.data.expressions.generate import KINDS, generate
from ris_ros.data.expressions.phrasing import Split, Style

__all__ = ["KINDS", "Split", "Style", "generate"]
