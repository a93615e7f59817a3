"""TensorRT: the engines for NVIDIA GPUs and for Jetson.

    bundle + settings -> specification -> fold, prepare, camera_input (typed ONNX of one size) -> builder (plan)
                      -> report, agreement -> cache -> execution, runner -> backend

``engines`` goes this way from one end to the other. ``versions`` holds what differs between TensorRT 8.6, 10 and 11;
``cuda`` is the only file that calls the CUDA runtime. Nothing here imports TensorRT, CUDA or onnx before it is needed.
"""
