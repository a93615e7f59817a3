"""The OpenVINO backend: graphs compiled per image size, kept between runs, run on one stream or on several.

Read :mod:`ris_ros.runtime.openvino.backend` first.
"""
