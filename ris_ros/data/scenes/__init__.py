"""Street scenes rendered for training: exact instances, classes, colours and distances.

``render`` makes one picture from a seed, ``render_shot`` the same with depth, camera and boxes, ``render_sequence`` a
ride along a street, and ``SceneSet`` reads what ``ris data render`` wrote. Rendering needs the extra ``sim`` (Embree);
reading does not.
"""

from ris_ros.data.scenes.dataset import SceneSet
from ris_ros.data.scenes.geometry import Box3d, Geometry
from ris_ros.data.scenes.layout import render, render_shot
from ris_ros.data.scenes.render import Shot
from ris_ros.data.scenes.sequence import render_sequence

__all__ = ["Box3d", "Geometry", "SceneSet", "Shot", "render", "render_sequence", "render_shot"]
