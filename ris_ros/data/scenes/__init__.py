"""Street scenes rendered for training: exact instances, classes, colours and distances.

``render`` makes one picture from a seed, ``SceneSet`` reads what ``python -m ris_ros.data.scenes`` wrote. Rendering
needs the extra ``sim`` (Embree); reading does not.
"""

from ris_ros.data.scenes.dataset import SceneSet
from ris_ros.data.scenes.layout import render

__all__ = ["SceneSet", "render"]
