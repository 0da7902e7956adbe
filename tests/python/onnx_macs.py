"""onnx_macs.py MODEL.onnx... -- MACs and weights of each product in ONNX models, as CSV.

Sizes come from the shape inference of the Python package onnx, or where that leaves some open from
running the model with its reference implementation; nothing is shared with the importer.
One inference counts: a batch that is symbolic, missing or (images, of 4 or more dimensions, and what a
window slides over) larger than 1 is 1. Counted are Conv, ConvTranspose, Gemm, MatMul and their quantised forms, if an output
needs them and their data is computed. `parameters` are weights without biases, for each use; none if
both factors are computed.
  Conv            output positions x output channels x channels per group x kernel
  ConvTranspose   input positions x input channels x output channels per group x kernel
  Gemm, MatMul    products of the sizes
  Einsum          of two factors: the product of the sizes of all letters
  LSTM, GRU, RNN  steps x batch x weights
Columns: model, layer (its place among the products), op, macs, parameters. A model that cannot be
computed gives one row with op `error`.
--shape NAME=1x3x224x224 sets the size of an input.
"""

import math
import os
import sys

import numpy as np
import onnx
from onnx import shape_inference
from onnx.reference import ReferenceEvaluator

CONV = {"Conv": 1, "ConvInteger": 1, "QLinearConv": 3}  # the place of the weights
RECURRENT = ("LSTM", "GRU", "RNN")
MATMUL = {"Gemm": 1, "MatMul": 1, "MatMulInteger": 1, "QLinearMatMul": 3}


def given_weights(graph):
    """Inputs of the model in the place of weights: files whose weights were taken out."""
    inputs = {value.name for value in graph.input}
    places = {**CONV, "ConvTranspose": 1}
    return {node.input[places[node.op_type]] for node in graph.node if node.op_type in places} & inputs


def set_inputs(graph, shapes):
    constants = {t.name for t in graph.initializer} | given_weights(graph)
    slid = {node.input[0] for node in graph.node
            if node.op_type in {*CONV, "ConvTranspose", "MaxPool", "AveragePool"}}
    for value in graph.input:
        if value.name in constants:
            continue
        dims = value.type.tensor_type.shape.dim
        if value.name in shapes:
            for dim, size in zip(dims, shapes[value.name]):
                dim.dim_value = size
            continue
        if dims and (dims[0].dim_value < 1 or len(dims) >= 4 or value.name in slid):
            dims[0].dim_value = 1
    unknown = {name for node in graph.node if node.domain not in ("", "ai.onnx")
               for name in node.output}
    kept = [value for value in graph.value_info if value.name in unknown]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for value in graph.output:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")


def modernise(model):
    """Before version 5, Reshape had its sizes as an attribute, which inference does not read."""
    for node in model.graph.node:
        size = attribute(node, "shape", None)
        if node.op_type == "Reshape" and size is not None:
            del node.attribute[:]
            name = f"{node.output[0]} size"
            node.input.append(name)
            model.graph.initializer.append(
                onnx.numpy_helper.from_array(np.array(size, dtype=np.int64), name))
            model.opset_import[0].version = max(model.opset_import[0].version, 6)


def infer(model):
    model = shape_inference.infer_shapes(model, check_type=False, strict_mode=False,
                                         data_prop=True)
    shapes = {}
    for value in [*model.graph.input, *model.graph.value_info, *model.graph.output]:
        tensor = value.type.tensor_type
        if tensor.HasField("shape"):
            dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
            shapes[value.name] = dims
    for tensor in model.graph.initializer:
        shapes[tensor.name] = list(tensor.dims)
    for tensor in model.graph.sparse_initializer:
        shapes[tensor.values.name] = list(tensor.dims)
    return model.graph, shapes


def execute(model, shapes):
    """Sizes that inference leaves open, by running the model on zeros: small models only."""
    graph = model.graph
    constants = {t.name for t in graph.initializer}
    names = [name for node in graph.node for name in node.output if name]
    del graph.output[:]
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    feeds = {}
    for value in graph.input:
        if value.name not in constants:
            kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            feeds[value.name] = np.zeros(known(shapes[value.name], value.name), dtype=kind)
    results = ReferenceEvaluator(model).run(None, feeds)
    shapes.update((name, list(np.shape(r))) for name, r in zip(names, results))


def find_constants(graph):
    constants = {t.name for t in graph.initializer} | given_weights(graph)
    constants |= {t.values.name for t in graph.sparse_initializer}
    for node in graph.node:
        given = [name for name in node.input if name]
        fixed = node.op_type == "Constant" or (given and all(n in constants for n in given))
        if fixed and not node.op_type.startswith("Random"):
            constants.update(node.output)
    return constants


def find_needed(graph):
    needed = {value.name for value in graph.output}
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
    return needed


def known(shape, name):
    if shape is None or any(d is None for d in shape):
        raise ValueError(f"the size of '{name}' cannot be inferred")
    return shape


def attribute(node, name, default):
    for a in node.attribute:
        if a.name == name:
            return onnx.helper.get_attribute_value(a)
    return default


def conv_macs(node, shapes, w):
    groups = attribute(node, "group", 1)
    weights = known(shapes.get(w), w)
    if node.op_type == "ConvTranspose":
        x = known(shapes.get(node.input[0]), node.input[0])
        return x[0] * math.prod(x[2:]) * weights[0] * weights[1] * math.prod(weights[2:])
    y = known(shapes.get(node.output[0]), node.output[0])
    assert weights[0] % groups == 0
    return y[0] * math.prod(y[2:]) * math.prod(weights)


def matmul_macs(node, shapes, w):
    a = known(shapes.get(node.input[0]), node.input[0])
    if node.op_type == "Gemm":
        m, k = reversed(a) if attribute(node, "transA", 0) else a
        b = known(shapes.get(w), w)
        n = b[0] if attribute(node, "transB", 0) else b[1]
        return m * k * n
    y = known(shapes.get(node.output[0]), node.output[0])
    return math.prod(y) * a[-1]


def einsum_macs(node, shapes, _):
    """The product of all sizes that the letters of two factors stand for."""
    letters = attribute(node, "equation", b"").decode().replace(" ", "").split("->")[0].split(",")
    sizes = {}
    for word, name in zip(letters, node.input):
        if "." in word or len(letters) != 2:
            raise ValueError("an Einsum of another kind")
        sizes.update(zip(word, known(shapes.get(name), name)))
    return math.prod(sizes.values())


def recurrent_macs(node, shapes):
    """Every step of every direction multiplies by W and R."""
    x = known(shapes.get(node.input[0]), node.input[0])
    w, r = (known(shapes.get(n), n) for n in node.input[1:3])
    return x[0] * x[1] * (math.prod(w) + math.prod(r)), math.prod(w) + math.prod(r)


def products(model):
    graph, shapes = infer(model)
    needs = [name for node in graph.node if node.op_type in {*CONV, *MATMUL, "ConvTranspose"}
             for name in [node.input[0], node.output[0]]]
    if any(None in (shapes.get(name) or [None]) for name in needs):
        execute(onnx.ModelProto.FromString(model.SerializeToString()), shapes)
    constants, needed = find_constants(graph), find_needed(graph)
    for node in graph.node:
        if node.op_type in RECURRENT and any(name in needed for name in node.output):
            yield node.op_type, *recurrent_macs(node, shapes)
            continue
        place = CONV.get(node.op_type, MATMUL.get(node.op_type, 1))
        count = (conv_macs if node.op_type in CONV or node.op_type == "ConvTranspose" else
                 matmul_macs if node.op_type in MATMUL else
                 einsum_macs if node.op_type == "Einsum" else None)
        alive = any(name in needed for name in node.output)
        if not count or not alive or node.output[0] in constants or node.domain not in ("", "ai.onnx"):
            continue
        w, x = node.input[place], node.input[0]
        weights = w if w in constants else x if x in constants else None
        size = math.prod(known(shapes.get(weights), weights)) if weights else 0
        yield node.op_type, count(node, shapes, w), size


def main():
    arguments, shapes, paths = sys.argv[1:], {}, []
    while arguments:
        word = arguments.pop(0)
        if word == "--shape":
            name, size = arguments.pop(0).split("=")
            shapes[name] = [int(n) for n in size.split("x")]
        else:
            paths.append(word)
    print("model,layer,op,macs,parameters")
    for path in paths:
        name = os.path.basename(path).removesuffix(".onnx")
        try:
            model = onnx.load(path, load_external_data=False)
            set_inputs(model.graph, shapes)
            modernise(model)
            for i, (op, macs, size) in enumerate(products(model)):
                print(f"{name},{i},{op},{macs},{size}")
        except Exception as error:  # whatever the package finds wrong
            print(f"{name},0,error,{type(error).__name__}: {str(error).splitlines()[0][:80]!r},")


if __name__ == "__main__":
    main()
