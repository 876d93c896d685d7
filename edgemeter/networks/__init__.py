"""Networks as data, apart from any file format, and the writers that make ONNX and TFLite files of them."""
