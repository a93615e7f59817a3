"""Other networks for the same task, to be measured beside ours: made once, kept as ONNX graphs in the user's cache."""
