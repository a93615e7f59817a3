"""TensorRT: the engines for NVIDIA GPUs and for Jetson.

    bundle -> graphs (typed ONNX) -> build (plan) -> inspect, parity -> cache -> execution -> backend

``versions`` holds what differs between TensorRT 8.6, 10 and 11; ``cuda`` is the only file that calls the CUDA runtime.
Nothing here imports TensorRT, CUDA or onnx before it is needed.
"""
