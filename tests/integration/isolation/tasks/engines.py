"""Each engine's first session and run, in a child that was forked after the engine was imported."""

from typing import Any


def onnxruntime(payload: Any, send: Any) -> None:
    import numpy as np
    import onnxruntime as engine

    options = engine.SessionOptions()
    options.intra_op_num_threads = payload["threads"]
    session = engine.InferenceSession(payload["file"], options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    shape = [size if isinstance(size, int) else 1 for size in given.shape]
    send(_sums(session.run(None, {given.name: np.ones(shape, np.float32)})))


def openvino(payload: Any, send: Any) -> None:
    import numpy as np
    import openvino as engine

    settings = {"INFERENCE_NUM_THREADS": payload["threads"], "INFERENCE_PRECISION_HINT": "f32"}
    model = engine.Core().compile_model(payload["file"], "CPU", settings)
    shape = [size or 1 for size in model.inputs[0].partial_shape.get_min_shape()]
    send(_sums(list(model([np.ones(shape, np.float32)]).values())))


def litert(payload: Any, send: Any) -> None:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(payload["file"], num_threads=payload["threads"])
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    interpreter.set_tensor(given["index"], np.ones(given["shape"], given["dtype"]))
    interpreter.invoke()
    send(_sums([interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]))


def _sums(outputs: list[Any]) -> list[float]:
    return [float(output.astype("float64").sum()) for output in outputs]
