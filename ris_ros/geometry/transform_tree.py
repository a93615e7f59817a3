"""Transforms between frames over time, without ROS: for bags, and for nodes where tf2_ros is not installed.

As in tf2, every frame has one parent, edges are static or hold a history, and a transform at a stamp is interpolated
between the two that are known around it. It is never extrapolated: for an image, neither the newest transform nor the
oldest is good enough.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from ris_ros.errors import GeometryError, LateTransformError, UnknownFrameError
from ris_ros.geometry.rigid import RigidTransform


@dataclass(slots=True, eq=False)
class _Edge:
    """How a frame lies in its parent.

    Attributes:
        parent: Name of the parent frame.
        static: Whether it never changes; then ``transforms`` holds one.
        stamps_ns: Ascending, each once.
        transforms: ``parent_from_child`` at these.
    """

    parent: str
    static: bool
    stamps_ns: list[int] = field(default_factory=list)
    transforms: list[RigidTransform] = field(default_factory=list)


class TransformTree:
    """Frames and where they lie in each other.

    Not safe for use by several threads at once.

    Args:
        memory_s: How long a moving edge remembers, counted back from the newest of its own transforms.
    """

    def __init__(self, memory_s: float) -> None:
        if not memory_s > 0.0:
            raise ValueError("memory_s must be positive")
        self._memory_ns = round(memory_s * 1e9)
        self._edges: dict[str, _Edge] = {}

    def set_static(self, parent_frame: str, child_frame: str, parent_from_child: RigidTransform) -> None:
        """Say where a frame lies in another for good; it replaces what was known of the child.

        Raises:
            GeometryError: The child would be its own ancestor.
        """
        parent, child = _name(parent_frame), _name(child_frame)
        self._refuse_loop(parent, child)
        self._edges[child] = _Edge(parent, True, [0], [parent_from_child])

    def add(self, parent_frame: str, child_frame: str, parent_from_child: RigidTransform, stamp_ns: int) -> None:
        """Say where a frame lies in another at a time.

        Transforms may come out of order. One that is older than the edge's memory is not kept, one of a known stamp
        replaces it. A child that comes with another parent, or was static, starts anew.

        Raises:
            GeometryError: The child would be its own ancestor.
        """
        parent, child = _name(parent_frame), _name(child_frame)
        edge = self._edges.get(child)
        if edge is None or edge.static or edge.parent != parent:
            self._refuse_loop(parent, child)
            edge = self._edges[child] = _Edge(parent, False)
        place = bisect_left(edge.stamps_ns, stamp_ns)
        if place < len(edge.stamps_ns) and edge.stamps_ns[place] == stamp_ns:
            edge.transforms[place] = parent_from_child
            return
        edge.stamps_ns.insert(place, stamp_ns)
        edge.transforms.insert(place, parent_from_child)
        forgotten = bisect_left(edge.stamps_ns, edge.stamps_ns[-1] - self._memory_ns)
        del edge.stamps_ns[:forgotten], edge.transforms[:forgotten]

    def clear_moving(self) -> None:
        """Forget all that is not static: after a jump of the clock, as when a bag is played again."""
        self._edges = {child: edge for child, edge in self._edges.items() if edge.static}

    @property
    def frames(self) -> frozenset[str]:
        """Names of all frames."""
        return frozenset(self._edges) | {edge.parent for edge in self._edges.values()}

    def lookup(self, target_frame: str, source_frame: str, stamp_ns: int) -> RigidTransform:
        """``target_from_source`` at a stamp.

        Raises:
            LateTransformError: One of the frames on the way is not known at the stamp yet.
            UnknownFrameError: A frame is not known at all, or the two are not connected.
            GeometryError: The stamp lies before all that is known or remembered.
        """
        target, source = _name(target_frame), _name(source_frame)
        if target == source:
            return RigidTransform.identity()
        frames = self.frames
        for frame in (target, source):
            if frame not in frames:
                known = ", ".join(sorted(frames)) or "none"
                raise UnknownFrameError(
                    f"The frame '{frame}' is in no transform (frames there are: {known}): check its name and who"
                    " publishes it."
                )
        target_way, source_way = self._ancestry(target), self._ancestry(source)
        shared = set(target_way) & set(source_way)
        if not shared:
            raise UnknownFrameError(
                f"The frames '{target}' and '{source}' are not connected: '{target_way[-1]}' is above the one and"
                f" '{source_way[-1]}' above the other, and no transform between these two is published."
            )
        common = next(frame for frame in source_way if frame in shared)
        target_below, source_below = target_way[: target_way.index(common)], source_way[: source_way.index(common)]
        common_from_target = self._descend(target_below, stamp_ns)
        return common_from_target.inverse @ self._descend(source_below, stamp_ns)

    def _descend(self, way: list[str], stamp_ns: int) -> RigidTransform:
        """``ancestor_from_frame``, for the frames from one to below its ancestor."""
        ancestor_from_frame = RigidTransform.identity()
        for child in way:
            ancestor_from_frame = self._at(child, stamp_ns) @ ancestor_from_frame
        return ancestor_from_frame

    def _at(self, child: str, stamp_ns: int) -> RigidTransform:
        """``parent_from_child`` of one edge at a stamp."""
        edge = self._edges[child]
        if edge.static:
            return edge.transforms[0]
        stamps = edge.stamps_ns
        place = bisect_left(stamps, stamp_ns)
        if place == len(stamps):
            raise LateTransformError(
                f"The transform from '{child}' to '{edge.parent}' is known up to {(stamp_ns - stamps[-1]) / 1e9:.3f} s"
                " before the image: wait longer for it, or check that its publisher runs by the same clock."
            )
        if stamps[place] == stamp_ns:
            return edge.transforms[place]
        if place == 0:
            raise GeometryError(
                f"The transform from '{child}' to '{edge.parent}' is known from {(stamps[0] - stamp_ns) / 1e9:.3f} s"
                " after the image on only: the image is too old, or its stamp is of another clock."
            )
        share = (stamp_ns - stamps[place - 1]) / (stamps[place] - stamps[place - 1])
        return edge.transforms[place - 1].interpolated(edge.transforms[place], share)

    def _ancestry(self, frame: str) -> list[str]:
        """The frame, its parent, and so on up to the root."""
        way = [frame]
        while (edge := self._edges.get(way[-1])) is not None:
            way.append(edge.parent)
        return way

    def _refuse_loop(self, parent: str, child: str) -> None:
        if child in self._ancestry(parent):
            raise GeometryError(
                f"The transform from '{child}' to '{parent}' would close a loop, for '{parent}' lies below '{child}':"
                " check who publishes these frames."
            )


def _name(frame: str) -> str:
    """Without the slash that ROS 1 put before it.

    Raises:
        GeometryError: It is empty.
    """
    name = frame.lstrip("/")
    if not name:
        raise GeometryError("A transform's or an image's frame has no name: set frame_id where it is published.")
    return name
