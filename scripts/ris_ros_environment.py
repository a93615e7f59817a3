"""Let ROS 2 find what is installed in this virtual environment, without anything being sourced.

`make setup` copies this file into the environment's site-packages together with a .pth file that imports it whenever
the environment's Python starts. ROS 2 reads both variables while it runs, so that setting them here is early enough;
the libraries of this package find each other through their run path.
"""

import os
import sys


def _put_first(variable: str, folder: str) -> None:
    folders = [f for f in os.environ.get(variable, "").split(os.pathsep) if f]
    if folder not in folders:
        os.environ[variable] = os.pathsep.join([folder, *folders])


_put_first("AMENT_PREFIX_PATH", sys.prefix)
_put_first("LD_LIBRARY_PATH", os.path.join(sys.prefix, "lib"))
