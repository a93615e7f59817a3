"""Whether ROS 2 works here, found out by using it: ``python -m ris_ros.ros.probe``.

It runs in a process of its own, because a broken middleware ends a process rather than raising.
"""

from __future__ import annotations

import json
import sys


def main() -> int:
    """Start a node that speaks this package's interfaces, and print what was used as JSON on one line."""
    import rclpy
    import rclpy.action
    from rclpy.utilities import get_rmw_implementation_identifier

    from ris_ros.action import Refer
    from ris_ros.msg import GroundingArray
    from ris_ros.srv import Ground

    rclpy.init(args=[])
    try:
        node = rclpy.create_node("ris_probe", start_parameter_services=False, enable_rosout=False)
        # Creating these loads the compiled type support; importing the classes alone does not.
        node.create_publisher(GroundingArray, "~/groundings", 1)
        node.create_client(Ground, "~/ground")
        rclpy.action.ActionClient(node, Refer, "~/refer")
        node.destroy_node()
        print(json.dumps({"rclpy": rclpy.__file__, "rmw": get_rmw_implementation_identifier()}))
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
