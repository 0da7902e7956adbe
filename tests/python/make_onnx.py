"""make_onnx.py FOLDER -- writes small ONNX models, each with one feature of the importer's.

The files are kept in tests/golden/onnx; onnx_macs.py computes what they hold. Needs the Python
package onnx (tests/python/onnx.sh). Weights are zeros of small sizes, so a file has about 1 kB.
"""

import math
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Model:
    """A graph that grows node by node; every method returns the name of its result."""

    def __init__(self, name, opset=13):
        self.name, self.opset = name, opset
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.values = []  # sizes that the file gives for results
        self.made = 0

    def fresh(self, stem):
        self.made += 1
        return f"{stem}_{self.made}"

    def input(self, name, shape, kind=FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name, shape=None):
        self.outputs.append(helper.make_tensor_value_info(name, FLOAT, shape))

    def weight(self, *shape):
        """Zeros: an initializer, or if that were large a node that makes them."""
        if math.prod(shape) > 40 and self.opset >= 9:
            return self.op("ConstantOfShape", self.ints(*shape))
        name = self.fresh("w")
        zeros = np.zeros(shape, dtype=np.float32)
        self.initializers.append(onnx.numpy_helper.from_array(zeros, name))
        return name

    def ints(self, *values):
        name = self.fresh("i")
        array = np.array(values, dtype=np.int64)
        self.initializers.append(onnx.numpy_helper.from_array(array, name))
        return name

    def scalar(self, value):
        name = self.fresh("i")
        array = np.array(value, dtype=np.int64)
        self.initializers.append(onnx.numpy_helper.from_array(array, name))
        return name

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [self.fresh(kind.lower()) for _ in range(outputs)]
        self.nodes.append(
            helper.make_node(kind, list(inputs), names, name=f"node_{self.made}", **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, k, c, kernel, **attributes):
        kernel = kernel if isinstance(kernel, (list, tuple)) else [kernel, kernel]
        return self.op("Conv", x, self.weight(k, c, *kernel), kernel_shape=list(kernel),
                       **attributes)

    def save(self, folder):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs,
                                  self.initializers, value_info=self.values)
        imports = [helper.make_opsetid("", self.opset)]
        if any(node.domain for node in self.nodes):
            imports.append(helper.make_opsetid("org.example", 1))
        model = helper.make_model(graph, opset_imports=imports, ir_version=7)
        onnx.save(model, os.path.join(folder, self.name + ".onnx"))


MODELS = []


def model(build):
    MODELS.append(build)
    return build


@model
def groups(m):
    x = m.input("x", [1, 8, 9, 9])
    x = m.conv(x, 12, 2, 3, group=4, pads=[1, 1, 1, 1])
    x = m.conv(x, 24, 1, 3, group=12, strides=[2, 2])  # depthwise, two filters per channel
    m.output(m.conv(x, 8, 12, 1, group=2))


@model
def dilation(m):
    x = m.input("x", [1, 3, 20, 21])
    x = m.conv(x, 4, 3, 3, dilations=[2, 2])
    m.output(m.conv(x, 6, 4, [1, 5], dilations=[1, 2], pads=[0, 4, 0, 4]))


@model
def dilation_of_two_sizes(m):
    """A network file has one dilation for both directions."""
    x = m.conv(m.input("x", [1, 3, 20, 21]), 4, 3, 1)
    m.output(m.conv(x, 5, 4, [3, 2], dilations=[1, 3]))


@model
def auto_pad(m):
    x = m.input("x", [1, 3, 23, 22])
    x = m.conv(x, 4, 3, 3, auto_pad="SAME_UPPER", strides=[2, 2])
    x = m.conv(x, 4, 4, 4, auto_pad="SAME_LOWER")
    x = m.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    m.output(m.conv(x, 4, 4, 3, auto_pad="VALID"))


@model
def asymmetric_pad(m):
    x = m.input("x", [1, 3, 12, 13])
    x = m.conv(x, 4, 3, 3, pads=[0, 1, 2, 3], strides=[2, 1])
    m.output(m.conv(x, 5, 4, [1, 7], pads=[0, 3, 0, 3]))


@model
def conv1d(m):
    x = m.input("x", [1, 4, 50])
    x = m.op("Conv", x, m.weight(6, 4, 5), kernel_shape=[5], strides=[2], pads=[2, 2])
    x = m.op("Conv", x, m.weight(6, 1, 3), kernel_shape=[3], group=6)
    m.output(m.op("GlobalMaxPool", x))


@model
def transposed(m):
    x = m.input("x", [1, 6, 7, 8])
    x = m.op("ConvTranspose", x, m.weight(6, 4, 2, 2), kernel_shape=[2, 2], strides=[2, 2])
    x = m.op("ConvTranspose", x, m.weight(4, 4, 4, 4), kernel_shape=[4, 4], strides=[2, 2],
             pads=[1, 1, 1, 1])
    m.output(m.op("ConvTranspose", x, m.weight(4, 3, 4, 2), kernel_shape=[4, 2], strides=[4, 2],
                  group=2))


@model
def transposed_odd(m):
    """The stride does not divide the kernel, as in PyTorch's usual up-convolution."""
    x = m.input("x", [1, 4, 7, 8])
    x = m.op("ConvTranspose", x, m.weight(4, 6, 3, 3), kernel_shape=[3, 3], strides=[2, 2],
             pads=[1, 1, 1, 1], output_padding=[1, 1])
    m.output(m.op("ConvTranspose", x, m.weight(6, 2, 5, 1), kernel_shape=[5, 1], strides=[3, 1],
                  group=2))


@model
def einsum(m):
    x = m.input("x", [1, 5, 8])
    x = m.op("Einsum", x, m.weight(4, 8, 6), equation="bnd,hde->bhne")
    y = m.op("Einsum", x, m.weight(4, 6, 3), equation="bhne,hef->bhnf")
    m.output(m.op("Einsum", y, x, equation="bhnf,bhne->bhfe"))


@model
def attention(m):
    x = m.input("x", [1, 6, 8])
    heads = []
    for axes in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
        h = m.op("Add", m.op("MatMul", x, m.weight(8, 8)), m.weight(8))
        heads.append(m.op("Transpose", m.op("Reshape", h, m.ints(0, 0, 2, 4)), perm=axes))
    s = m.op("Softmax", m.op("MatMul", heads[0], heads[1]), axis=-1)
    y = m.op("Transpose", m.op("MatMul", s, heads[2]), perm=[0, 2, 1, 3])
    y = m.op("MatMul", m.op("Reshape", y, m.ints(0, 0, 8)), m.weight(8, 8))
    m.output(m.op("Add", x, y))


@model
def batch_norm(m):
    x = m.input("x", [1, 3, 10, 10])
    x = m.conv(x, 4, 3, 3)
    x = m.op("BatchNormalization", x, *[m.weight(4) for _ in range(4)])
    x = m.op("Relu", x)
    m.output(m.op("LeakyRelu", m.conv(x, 2, 4, 1)))


@model
def reshape_1(m):
    m.opset = 1
    x = m.input("x", [1, 3, 8, 8])
    x = m.conv(x, 4, 3, 3)
    x = m.op("Relu", x, consumed_inputs=[0])
    x = m.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = m.op("Reshape", x, shape=[1, 36])
    m.output(m.op("Gemm", x, m.weight(10, 36), m.weight(10), transB=1, broadcast=1))


@model
def shape_chain(m):
    """x.view(x.size(0), -1), as PyTorch exports it."""
    x = m.conv(m.input("x", ["batch", 3, 8, 8]), 4, 3, 3)
    size = m.op("Gather", m.op("Shape", x), m.scalar(0), axis=0)
    batch = m.op("Unsqueeze", size, m.ints(0))
    rest = m.op("Constant", value=onnx.numpy_helper.from_array(np.array([-1], dtype=np.int64)))
    x = m.op("Reshape", x, m.op("Concat", batch, rest, axis=0))
    m.output(m.op("Gemm", x, m.weight(10, 144), m.weight(10), transB=1))


@model
def squeeze_excite(m):
    x = m.conv(m.input("x", [1, 3, 12, 12]), 8, 3, 3)
    s = m.op("GlobalAveragePool", x)
    s = m.op("HardSigmoid", m.conv(m.op("Relu", m.conv(s, 2, 8, 1)), 8, 2, 1))
    m.output(m.conv(m.op("Mul", x, s), 4, 8, 1))


@model
def channel_shuffle(m):
    x = m.conv(m.input("x", [1, 6, 10, 10]), 6, 2, 1, group=3)
    x = m.op("Reshape", x, m.ints(1, 3, 2, 10, 10))
    x = m.op("Transpose", x, perm=[0, 2, 1, 3, 4])
    x = m.op("Reshape", x, m.ints(1, 6, 10, 10))
    m.output(m.conv(x, 6, 1, 3, group=6))


@model
def split_concat(m):
    x = m.conv(m.input("x", [1, 3, 10, 10]), 9, 3, 1)
    a, b, c = m.op("Split", x, m.ints(2, 3, 4), outputs=3, axis=1)
    x = m.op("Concat", m.conv(a, 4, 2, 1), m.conv(b, 5, 3, 3, pads=[1, 1, 1, 1]), c, axis=1)
    m.output(m.conv(x, 2, 13, 1))


@model
def ceil_pool(m):
    """The second pool's last window would begin in the padding: since version 22 it is left out."""
    m.opset = 22
    x = m.conv(m.input("x", [1, 3, 20, 21]), 4, 3, 3)
    x = m.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = m.op("MaxPool", x, kernel_shape=[2, 2], strides=[3, 3], pads=[0, 0, 1, 1], ceil_mode=1)
    m.output(m.conv(x, 5, 4, 2))


@model
def two_outputs(m):
    x = m.conv(m.input("x", [1, 3, 10, 10]), 4, 3, 3)
    m.output(m.conv(x, 2, 4, 1))
    m.output(m.op("Sigmoid", m.conv(x, 8, 4, 3)))


@model
def dead_nodes(m):
    x = m.conv(m.input("x", [1, 3, 10, 10]), 4, 3, 3)
    dead = m.conv(x, 5, 4, 3)
    m.op("Relu", m.conv(dead, 6, 5, 3))
    m.output(m.conv(x, 2, 4, 1))


@model
def dynamic_batch(m):
    x = m.conv(m.input("x", ["N", 3, 10, 10]), 4, 3, 3)
    x = m.op("Flatten", x)
    m.output(m.op("Gemm", x, m.weight(256, 7)))


@model
def image_batch(m):
    x = m.conv(m.input("x", [16, 3, 10, 10]), 4, 3, 3)
    x = m.op("Flatten", m.op("GlobalAveragePool", x))
    m.output(m.op("Gemm", x, m.weight(4, 7)))


@model
def gemm_flags(m):
    x = m.input("x", [6, 5])
    x = m.op("Gemm", x, m.weight(6, 7), transA=1, alpha=0.5)  # [5, 7]
    x = m.op("Gemm", x, m.weight(9, 7), m.weight(5, 9), transB=1, beta=2.0)  # [5, 9]
    m.output(m.op("Gemm", x, m.weight(9, 4)))


@model
def matmul_ranks(m):
    x = m.input("x", [2, 3, 4, 5])
    x = m.op("MatMul", x, m.weight(5, 6))  # one weight for all
    x = m.op("MatMul", x, m.weight(2, 3, 6, 7))  # one for each
    m.output(m.op("MatMul", x, m.weight(7)))  # a vector


@model
def weights_of_all_kinds(m):
    """Constant, ConstantOfShape, Transpose of an initializer, dequantised."""
    x = m.input("x", [1, 3, 10, 10])
    w = m.op("Constant", value=onnx.numpy_helper.from_array(np.zeros((4, 3, 3, 3), np.float32)))
    x = m.op("Conv", x, w)
    x = m.op("Conv", x, m.op("ConstantOfShape", m.ints(5, 4, 3, 3)))
    x = m.op("Conv", x, m.op("Transpose", m.weight(5, 6, 1, 1), perm=[1, 0, 2, 3]))
    q = m.fresh("w")
    m.initializers.append(onnx.numpy_helper.from_array(np.zeros((2, 6, 1, 1), np.int8), q))
    m.output(m.op("Conv", x, m.op("DequantizeLinear", q, m.weight())))


@model
def shared_weights(m):
    x = m.input("x", [1, 4, 10, 10])
    w = m.weight(4, 4, 3, 3)
    for _ in range(3):
        x = m.op("Relu", m.op("Conv", x, w, pads=[1, 1, 1, 1]))
    m.output(x)


@model
def unet(m):
    x = m.input("x", [1, 1, 16, 16])
    a = m.op("Relu", m.conv(x, 4, 1, 3, pads=[1, 1, 1, 1]))
    b = m.op("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2])
    b = m.op("Relu", m.conv(b, 8, 4, 3, pads=[1, 1, 1, 1]))
    scales = m.fresh("s")
    m.initializers.append(
        onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], dtype=np.float32), scales))
    b = m.op("Resize", b, "", scales, mode="nearest")
    x = m.op("Concat", a, b, axis=1)
    m.output(m.conv(x, 2, 12, 1))


@model
def residual(m):
    x = m.conv(m.input("x", [1, 3, 10, 10]), 4, 3, 3)
    y = m.op("Relu", m.conv(x, 4, 4, 3, pads=[1, 1, 1, 1]))
    x = m.op("Relu", m.op("Add", x, m.conv(y, 4, 4, 3, pads=[1, 1, 1, 1])))
    m.output(m.op("Sum", x, y, m.conv(x, 4, 4, 1)))


@model
def pad_slice(m):
    x = m.op("Pad", m.input("x", [1, 3, 10, 10]), m.ints(0, 0, 1, 2, 0, 0, 3, 4))
    x = m.conv(x, 4, 3, 3)
    x = m.op("Slice", x, m.ints(1, -6), m.ints(9, 2**62), m.ints(2, 3), m.ints(2, 1))
    m.output(m.conv(x, 2, 4, 1))


@model
def mean_as_pool(m):
    x = m.conv(m.input("x", [1, 3, 10, 10]), 4, 3, 3)
    x = m.op("ReduceMean", x, axes=[2, 3], keepdims=0)
    m.output(m.op("MatMul", x, m.weight(4, 5)))


@model
def two_inputs(m):
    a = m.conv(m.input("a", [1, 3, 10, 10]), 4, 3, 3)
    b = m.conv(m.input("b", [1, 2, 8, 8]), 4, 2, 1)
    m.output(m.conv(m.op("Add", a, b), 2, 4, 1))


@model
def lstm(m):
    x = m.op("MatMul", m.input("x", [7, 1, 8]), m.weight(8, 6))
    y, _, _ = m.op("LSTM", x, m.weight(1, 20, 6), m.weight(1, 20, 5), outputs=3, hidden_size=5)
    y = m.op("Reshape", y, m.ints(7, 5))
    m.output(m.op("Gemm", y, m.weight(5, 3)))


@model
def unknown_domain(m):
    x = m.conv(m.input("x", [1, 3, 10, 10]), 4, 3, 3)
    x = m.op("Mystery", x, domain="org.example")
    m.values.append(helper.make_tensor_value_info(x, FLOAT, [1, 4, 8, 8]))
    m.output(m.conv(x, 2, 4, 1), [1, 2, 8, 8])


def main():
    for build in MODELS:
        m = Model(build.__name__)
        build(m)
        m.save(sys.argv[1])


main()
