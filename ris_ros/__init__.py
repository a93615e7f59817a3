"""Referring perception for ROS 2: from a camera and a spoken command to masks that a planner can use."""

from pkgutil import extend_path

# The generated msg, srv and action lie beside this file in an installed package, but in another folder of the same
# name when this file is read from a checkout: both are this package.
__path__ = extend_path(__path__, __name__)

__version__ = "0.1.0"
