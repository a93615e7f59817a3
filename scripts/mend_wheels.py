"""Put this interpreter's folders where the ROS 2 wheels' CMake files name those of the machine that built them.

Run with the virtual environment's own Python. Running it again changes nothing.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

BUILD_INCLUDE = re.compile(r"/opt/python/cp\d+-cp\d+/include/python3\.\d+")
BUILD_SITE_PACKAGES = re.compile(r"/opt/python/cp\d+-cp\d+/lib/python3\.\d+/site-packages")
# numpy moved its headers in version 2; the wheels name the place of the numpy they were built with.
NUMPY_INCLUDE = re.compile(r"/numpy/(?:_core|core)/include")


def mend(text: str, include: str, site_packages: str, numpy_include: str) -> str:
    """Replace the build machine's folders in a CMake file.

    Args:
        text: What the file holds.
        include: Folder of ``Python.h``.
        site_packages: Folder of installed packages.
        numpy_include: Folder of numpy's headers, relative to ``site_packages``.
    """
    text = BUILD_INCLUDE.sub(lambda _: include, text)
    text, count = BUILD_SITE_PACKAGES.subn(lambda _: site_packages, text)
    return NUMPY_INCLUDE.sub(lambda _: "/" + numpy_include, text) if count else text


def main() -> int:
    """Mend every CMake file under this environment's ``share``."""
    import numpy

    site_packages = Path(sysconfig.get_path("purelib"))
    numpy_include = Path(numpy.get_include()).relative_to(site_packages).as_posix()
    for path in sorted(Path(sys.prefix, "share").glob("*/cmake/*.cmake")):
        text = path.read_text(encoding="utf-8")
        mended = mend(text, sysconfig.get_path("include"), str(site_packages), numpy_include)
        if mended != text:
            path.write_text(mended, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
