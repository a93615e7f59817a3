"""Let Python find this checkout, and ROS 2 what is installed in this virtual environment, without sourcing anything.

`make setup` copies this file into the environment's site-packages together with a .pth file that calls
:func:`prepare` whenever the environment's Python starts.
"""

import os
import sys


def prepare(checkout: str, site_packages: str) -> None:
    """Set the search paths of this process and its children.

    The loader reads ``LD_LIBRARY_PATH`` once, when a process starts, and ROS 2 loads the type support of messages by
    bare name. So where the environment's libraries are not on it yet, the process starts again with its own arguments.

    Args:
        checkout: Root of the repository. It comes before site-packages, so that the code is read from here and only
            the generated msg, srv and action from there: edited and added files count at once.
        site_packages: Where colcon installed the package.
    """
    _put_first("AMENT_PREFIX_PATH", sys.prefix)
    if _put_first("LD_LIBRARY_PATH", os.path.join(sys.prefix, "lib")):
        os.execve(sys.executable, sys.orig_argv, os.environ)
    if checkout not in sys.path:
        sys.path.insert(sys.path.index(site_packages) if site_packages in sys.path else len(sys.path), checkout)


def _put_first(variable: str, folder: str) -> bool:
    """Add a folder to a search path; False where it is there already."""
    folders = [f for f in os.environ.get(variable, "").split(os.pathsep) if f]
    if folder in folders:
        return False
    os.environ[variable] = os.pathsep.join([folder, *folders])
    return True
