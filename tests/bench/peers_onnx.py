"""peers_onnx.py -- ONNX Runtime's side of peers.py: one forward of one row of a 64-256-256-32 MLP on one
thread. Reads "forward SECONDS" from stdin and answers with us per forward."""
import sys
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

WIDTHS = [64, 256, 256, 32]


def model():
    rng, nodes, weights, x = np.random.default_rng(1), [], [], "x"
    for i, (n_in, n_out) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        w = rng.normal(size=(n_in, n_out)).astype(np.float32) / np.float32(n_in) ** 0.5
        weights += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(np.zeros(n_out, np.float32), f"b{i}")]
        last = i == len(WIDTHS) - 2
        nodes.append(helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], ["q" if last else f"h{i}"]))
        if not last:
            nodes.append(helper.make_node("Relu", [f"h{i}"], [f"y{i}"]))
        x = f"y{i}"
    shape = lambda name, n: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n])
    graph = helper.make_graph(nodes, "q", [shape("x", WIDTHS[0])], [shape("q", WIDTHS[-1])], weights)
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    m.ir_version = 9
    onnx.checker.check_model(m)
    return m.SerializeToString()


options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(model(), options, providers=["CPUExecutionProvider"])
x = np.random.default_rng(2).normal(size=(1, WIDTHS[0])).astype(np.float32)
binding = session.io_binding()  # input and output stay where they are: the fastest way to call
binding.bind_cpu_input("x", x)
binding.bind_output("q")

for line in sys.stdin:
    seconds = float(line.split()[1])
    n, start = 0, time.perf_counter()
    while (t := time.perf_counter() - start) < seconds:
        for _ in range(100):
            session.run_with_iobinding(binding)
        n += 100
    print(f"{1e6 * t / n:.6g}", flush=True)
