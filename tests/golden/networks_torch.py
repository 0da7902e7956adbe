"""networks_torch.py > networks_torch.csv -- layer shapes and MACs of the shipped networks, written here in
PyTorch from their publications, apart from the tables in env/networks, and traced (sizes by torch, on the
meta device: no data, no weights). Needs torch; tried with 2.13.0. One row per distinct shape of a network:
how many layers have it, and of how many other layers' outputs their inputs are made. Each network's
parameters are checked against the published count, where there is one."""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.overrides
import torch.utils._pytree


class Conv(nn.Sequential):
    """Convolution, batch normalisation, activation."""

    def __init__(self, c, k, kernel, **kw):
        super().__init__(nn.Conv2d(c, k, kernel, bias=False, **kw), nn.BatchNorm2d(k), nn.ReLU())


class Same(nn.Module):
    """The same, padded as in TensorFlow: output size is input size / stride, rounded up."""

    def __init__(self, c, k, kernel, stride=1, groups=1):
        super().__init__()
        self.conv = Conv(c, k, kernel, stride=stride, groups=groups)
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        pad = []
        for n in (x.shape[3], x.shape[2]):
            total = max((-(-n // self.stride) - 1) * self.stride + self.kernel - n, 0)
            pad += [total // 2, total - total // 2]
        return self.conv(F.pad(x, pad))


class Cat(nn.ModuleList):
    """Branches on one input, joined by channels."""

    def forward(self, x):
        return torch.cat([b(x) for b in self], 1)


class Split(nn.Module):
    """One layer, then branches on its output."""

    def __init__(self, first, *branches):
        super().__init__()
        self.first, self.branches = first, Cat(branches)

    def forward(self, x):
        return self.branches(self.first(x))


def chain(*parts):
    return nn.Sequential(*parts)


def classifier(channels, classes):
    return chain(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


# ---- Krizhevsky et al., NIPS 2012, as Caffe's bvlc_alexnet


def alexnet():
    pool = nn.MaxPool2d(3, 2)
    return chain(nn.Conv2d(3, 96, 11, stride=4), pool, nn.Conv2d(96, 256, 5, padding=2, groups=2), pool,
                 nn.Conv2d(256, 384, 3, padding=1), nn.Conv2d(384, 384, 3, padding=1, groups=2),
                 nn.Conv2d(384, 256, 3, padding=1, groups=2), pool, nn.Flatten(), nn.Linear(9216, 4096),
                 nn.Linear(4096, 4096), nn.Linear(4096, 1000))


# ---- arXiv 1409.1556, configuration D


def vgg16():
    parts, c = [], 3
    for k, n in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(n):
            parts += [nn.Conv2d(c, k, 3, padding=1), nn.ReLU()]
            c = k
        parts.append(nn.MaxPool2d(2))
    return chain(*parts, nn.Flatten(), nn.Linear(25088, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000))


# ---- arXiv 1512.03385, version 1.5: stride in the 3x3 layer


class Bottleneck(nn.Module):
    def __init__(self, c, m, stride):
        super().__init__()
        self.body = chain(Conv(c, m, 1), Conv(m, m, 3, stride=stride, padding=1), Conv(m, 4 * m, 1))
        self.skip = nn.Identity() if c == 4 * m else Conv(c, 4 * m, 1, stride=stride)

    def forward(self, x):
        return self.body(x) + self.skip(x)


def resnet50():
    parts, c = [Conv(3, 64, 7, stride=2, padding=3), nn.MaxPool2d(3, 2, 1)], 64
    for m, n in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for i in range(n):
            parts.append(Bottleneck(c, m, 2 if i == 0 and m > 64 else 1))
            c = 4 * m
    return chain(*parts, classifier(c, 1000))


# ---- arXiv 1801.04381, table 2


class Inverted(nn.Module):
    def __init__(self, c, t, k, stride):
        super().__init__()
        m = c * t
        self.body = chain(Conv(c, m, 1) if t > 1 else nn.Identity(),
                          Conv(m, m, 3, stride=stride, padding=1, groups=m), Conv(m, k, 1))
        self.add = stride == 1 and c == k

    def forward(self, x):
        return self.body(x) + x if self.add else self.body(x)


def mobilenetv2():
    parts, c = [Conv(3, 32, 3, stride=2, padding=1)], 32
    for t, k, n, s in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                       (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(n):
            parts.append(Inverted(c, t, k, 1 if i else s))
            c = k
    return chain(*parts, Conv(c, 1280, 1), classifier(1280, 1000))


# ---- arXiv 1711.07128, the small DS-CNN


def kws():
    first = chain(nn.ZeroPad2d((1, 1, 4, 5)), nn.Conv2d(1, 64, (10, 4), stride=2), nn.BatchNorm2d(64))
    block = lambda: chain(nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.BatchNorm2d(64),
                          nn.Conv2d(64, 64, 1), nn.BatchNorm2d(64))
    return chain(first, *(block() for _ in range(4)), classifier(64, 12))


# ---- arXiv 1811.05588, trial 3 without batch normalisation


def yololite():
    parts, c = [], 3
    for k in (16, 32, 64, 128, 128):
        parts += [nn.Conv2d(c, k, 3, padding=1), nn.MaxPool2d(2)]
        c = k
    return chain(*parts, nn.Conv2d(c, 256, 3, padding=1), nn.Conv2d(256, 125, 1))


# ---- arXiv 1602.07360, version 1.1


def fire(c, s, e):
    return Split(nn.Conv2d(c, s, 1), nn.Conv2d(s, e, 1), nn.Conv2d(s, e, 3, padding=1))


def squeezenet():
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    return chain(nn.Conv2d(3, 64, 3, stride=2), pool, fire(64, 16, 64), fire(128, 16, 64), pool,
                 fire(128, 32, 128), fire(256, 32, 128), pool, fire(256, 48, 192), fire(384, 48, 192),
                 fire(384, 64, 256), fire(512, 64, 256), nn.Conv2d(512, 1000, 1), nn.AdaptiveAvgPool2d(1))


# ---- arXiv 1409.4842, table 1


def inception_v1(c, a, b0, b, d0, d, p):
    return Cat([nn.Conv2d(c, a, 1), chain(nn.Conv2d(c, b0, 1), nn.Conv2d(b0, b, 3, padding=1)),
                chain(nn.Conv2d(c, d0, 1), nn.Conv2d(d0, d, 5, padding=2)),
                chain(nn.MaxPool2d(3, 1, 1), nn.Conv2d(c, p, 1))])


def googlenet():
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    i = inception_v1
    return chain(nn.Conv2d(3, 64, 7, stride=2, padding=3), pool, nn.Conv2d(64, 64, 1),
                 nn.Conv2d(64, 192, 3, padding=1), pool, i(192, 64, 96, 128, 16, 32, 32),
                 i(256, 128, 128, 192, 32, 96, 64), pool, i(480, 192, 96, 208, 16, 48, 64),
                 i(512, 160, 112, 224, 24, 64, 64), i(512, 128, 128, 256, 24, 64, 64),
                 i(512, 112, 144, 288, 32, 64, 64), i(528, 256, 160, 320, 32, 128, 128), pool,
                 i(832, 256, 160, 320, 32, 128, 128), i(832, 384, 192, 384, 48, 128, 128),
                 classifier(1024, 1000))


# ---- arXiv 1512.00567, as torchvision and Keras have it


def inception_a(c, p):
    return Cat([Conv(c, 64, 1), chain(Conv(c, 48, 1), Conv(48, 64, 5, padding=2)),
                chain(Conv(c, 64, 1), Conv(64, 96, 3, padding=1), Conv(96, 96, 3, padding=1)),
                chain(nn.AvgPool2d(3, 1, 1), Conv(c, p, 1))])


def wide(c, k):
    return Conv(c, k, (1, 7), padding=(0, 3))


def tall(c, k):
    return Conv(c, k, (7, 1), padding=(3, 0))


def inception_c(c, m):
    return Cat([Conv(c, 192, 1), chain(Conv(c, m, 1), wide(m, m), tall(m, 192)),
                chain(Conv(c, m, 1), tall(m, m), wide(m, m), tall(m, m), wide(m, 192)),
                chain(nn.AvgPool2d(3, 1, 1), Conv(c, 192, 1))])


def inception_e(c):
    def fan(first):
        return Split(first, Conv(384, 384, (1, 3), padding=(0, 1)), Conv(384, 384, (3, 1), padding=(1, 0)))

    return Cat([Conv(c, 320, 1), fan(Conv(c, 384, 1)),
                fan(chain(Conv(c, 448, 1), Conv(448, 384, 3, padding=1))),
                chain(nn.AvgPool2d(3, 1, 1), Conv(c, 192, 1))])


def inceptionv3():
    pool = nn.MaxPool2d(3, 2)
    reduce_a = Cat([Conv(288, 384, 3, stride=2),
                    chain(Conv(288, 64, 1), Conv(64, 96, 3, padding=1), Conv(96, 96, 3, stride=2)), pool])
    reduce_b = Cat([chain(Conv(768, 192, 1), Conv(192, 320, 3, stride=2)),
                    chain(Conv(768, 192, 1), wide(192, 192), tall(192, 192), Conv(192, 192, 3, stride=2)),
                    pool])
    return chain(Conv(3, 32, 3, stride=2), Conv(32, 32, 3), Conv(32, 64, 3, padding=1), pool, Conv(64, 80, 1),
                 Conv(80, 192, 3), pool, inception_a(192, 32), inception_a(256, 64), inception_a(288, 64),
                 reduce_a, inception_c(768, 128), inception_c(768, 160), inception_c(768, 160),
                 inception_c(768, 192), reduce_b, inception_e(1280), inception_e(2048),
                 classifier(2048, 1000))


# ---- arXiv 1612.08242, darknet's cfg/yolov2.cfg and cfg/yolov2-tiny-voc.cfg


def darknet(c, widths):
    """Widths: 3x3 layers, -k a 1x1 layer, 0 a pool."""
    parts = []
    for k in widths:
        parts.append(nn.MaxPool2d(2) if k == 0 else Conv(c, k, 3, padding=1) if k > 0 else Conv(c, -k, 1))
        c = abs(k) or c
    return chain(*parts)


class YoloV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = darknet(3, (32, 0, 64, 0, 128, -64, 128, 0, 256, -128, 256, 0, 512, -256, 512, -256, 512))
        self.deep = darknet(512, (0, 1024, -512, 1024, -512, 1024, 1024, 1024))
        self.passthrough = Conv(512, 64, 1)
        self.head = chain(Conv(1280, 1024, 3, padding=1), nn.Conv2d(1024, 425, 1))

    def forward(self, x):
        x = self.body(x)
        return self.head(torch.cat([F.pixel_unshuffle(self.passthrough(x), 2), self.deep(x)], 1))


def tinyyolov2():
    return chain(darknet(3, (16, 0, 32, 0, 64, 0, 128, 0, 256, 0, 512)), nn.ZeroPad2d((0, 1, 0, 1)),
                 nn.MaxPool2d(2, 1), darknet(512, (1024, 1024)), nn.Conv2d(1024, 125, 1))


# ---- arXiv 1512.02325 on arXiv 1704.04861, TensorFlow's ssd_mobilenet_v1_coco


class SsdMobilenet(nn.Module):
    MAPS = ((512, 3), (1024, 6), (512, 6), (256, 6), (256, 6), (128, 6))  # channels, anchors

    def __init__(self):
        super().__init__()
        c, blocks = 32, []
        for k, s in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2),
                     (1024, 1)):
            blocks.append(chain(Same(c, c, 3, s, c), Same(c, k, 1)))
            c = k
        self.base = nn.ModuleList([chain(Same(3, 32, 3, 2), *blocks[:11]), chain(*blocks[11:])])
        for m, k in ((256, 512), (128, 256), (128, 256), (64, 128)):
            self.base.append(chain(Same(c, m, 1), Same(m, k, 3, 2)))
            c = k
        self.head = nn.ModuleList(nn.ModuleList([nn.Conv2d(c, 4 * a, 1), nn.Conv2d(c, 91 * a, 1)])
                                  for c, a in self.MAPS)

    def forward(self, x):
        boxes = 0
        for part, (box, score) in zip(self.base, self.head):
            x = part(x)
            boxes += box(x).numel() // 4
            score(x)
        assert boxes == 1917, boxes
        return x


# ---- arXiv 1505.04597, figure 1


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        width = (1, 64, 128, 256, 512, 1024)
        pair = lambda c, k: chain(nn.Conv2d(c, k, 3), nn.ReLU(), nn.Conv2d(k, k, 3), nn.ReLU())
        self.down = nn.ModuleList(pair(c, k) for c, k in zip(width, width[1:]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * k, k, 2, 2) for k in width[4:0:-1])
        self.join = nn.ModuleList(pair(2 * k, k) for k in width[4:0:-1])
        self.classes = nn.Conv2d(64, 2, 1)

    def forward(self, x):
        skips = []
        for i, d in enumerate(self.down):
            x = d(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for up, join, skip in zip(self.up, self.join, skips[-2::-1]):
            x = up(x)
            m = (skip.shape[2] - x.shape[2]) // 2
            x = join(torch.cat([skip[:, :, m:m + x.shape[2], m:m + x.shape[3]], x], 1))
        x = self.classes(x)
        assert x.shape == (1, 2, 388, 388), x.shape
        return x


# ---- arXiv 1810.04805: the encoder and the pooler


class MatMul(nn.Module):
    def forward(self, a, b):
        return a @ b


class BertLayer(nn.Module):
    def __init__(self, h, heads, ffn):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(h, h) for _ in range(4))
        self.f1, self.f2 = nn.Linear(h, ffn), nn.Linear(ffn, h)
        self.n1, self.n2 = nn.LayerNorm(h), nn.LayerNorm(h)
        self.scores, self.mix = MatMul(), MatMul()

    def forward(self, x):
        cut = lambda t: t.unflatten(2, (self.heads, -1)).transpose(1, 2)
        s = self.scores(cut(self.q(x)), cut(self.k(x)).transpose(2, 3)).softmax(3)
        x = self.n1(x + self.o(self.mix(s, cut(self.v(x))).transpose(1, 2).flatten(2)))
        return self.n2(x + self.f2(F.gelu(self.f1(x))))


class Bert(nn.Module):
    def __init__(self, layers=12, h=768, heads=12, ffn=3072):
        super().__init__()
        self.table = nn.ModuleList(nn.Embedding(n, h) for n in (30522, 512, 2))
        self.norm = nn.LayerNorm(h)
        self.layers = chain(*(BertLayer(h, heads, ffn) for _ in range(layers)))
        self.pooler = nn.Linear(h, h)

    def forward(self, tokens):
        x = self.norm(sum(t(tokens) for t in self.table))
        return self.pooler(self.layers(x)[:, 0])


# ---- tracing


def shape(m, x, y):
    """type, C, K, P (width), Q, R (width), S, stride_h, stride_w, dilation, groups, macs"""
    if isinstance(m, MatMul):
        heads, rows, c = x[0].shape[1:]
        return "gemm", heads * c, heads * y.shape[3], rows, 1, 1, 1, 1, 1, 1, heads, y.numel() * c
    if isinstance(m, nn.Linear):
        rows = y.numel() // m.out_features
        kind = "fc" if x[0].dim() == 2 else "gemm"
        return kind, m.in_features, m.out_features, rows, 1, 1, 1, 1, 1, 1, 1, rows * m.weight.numel()
    if isinstance(m, nn.ConvTranspose2d):  # without overlap: a 1x1 layer to all pixels of an input position
        assert m.kernel_size == m.stride
        c, k, h, w = *m.weight.shape[:2], *x[0].shape[2:]
        k *= m.stride[0] * m.stride[1]
        return "conv", c, k, w, h, 1, 1, 1, 1, 1, 1, c * k * h * w
    depthwise = m.groups == m.in_channels > 1
    return ("dwconv" if depthwise else "conv", m.in_channels, m.out_channels, y.shape[3], y.shape[2],
            m.kernel_size[1], m.kernel_size[0], *m.stride, m.dilation[0], m.groups,
            y.numel() * m.weight[0].numel())


class Producers(torch.overrides.TorchFunctionMode):
    """A tensor's `by` is the set of layers that it is made of, through any operations between."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        y = func(*args, **(kwargs or {}))
        if isinstance(y, torch.Tensor):
            y.by = set()
            for x in torch.utils._pytree.tree_leaves(args):
                y.by |= getattr(x, "by", set())
        return y


def note(rows, path, m, x, y):
    layers = rows.setdefault(shape(m, x, y), [])
    layers.append((path, len(set().union(*(t.by for t in x)))))
    y.by = {path}


def trace(name, build, size, published):
    with torch.device("meta"):
        net = build().eval()
        x = torch.zeros(size, dtype=torch.long if len(size) == 2 else None)
    x.by = set()
    params = sum(p.numel() for p in net.parameters())
    assert published in (params, None), (name, params, published)
    rows = {}
    for path, m in net.named_modules():
        if isinstance(m, (MatMul, nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            m.register_forward_hook(lambda m, x, y, path=path: note(rows, path, m, x, y))
    with Producers():
        net(x)
    for row, layers in rows.items():
        print(name, layers[0][0], *row, len(layers), sum(n for _, n in layers), sep=",")


NETS = (
    # published parameters; sources: tests/test_network.c. Moving averages are no parameters in PyTorch.
    ("alexnet", alexnet, (1, 3, 227, 227), 60965224),
    ("bertbase", Bert, (1, 128), 109482240),
    ("googlenet", googlenet, (1, 3, 224, 224), 6998552),
    ("inceptionv3", inceptionv3, (1, 3, 299, 299), 27161264 - 3326696),
    ("kws", kws, (1, 1, 49, 10), 24908 - 2 * 576),
    ("mobilenetv2", mobilenetv2, (1, 3, 224, 224), 3504872),
    ("resnet50", resnet50, (1, 3, 224, 224), 25557032),
    ("squeezenet", squeezenet, (1, 3, 224, 224), 1235496),
    ("ssdmobilenet", SsdMobilenet, (1, 3, 300, 300), 6807167 + 12672),  # 6.807 M, BN folded to biases
    ("tinyyolov2", tinyyolov2, (1, 3, 416, 416), 15867885 - 2 * 3056),
    ("unet", Unet, (1, 1, 572, 572), 31030658),
    ("vgg16", vgg16, (1, 3, 224, 224), 138357544),
    ("yololite", yololite, (1, 3, 224, 224), None),
    ("yolov2", YoloV2, (1, 3, 416, 416), 50983561 - 2 * 10336),
)

print("""# networks_torch.csv -- layers of the networks, written apart from env/networks, which has them all.
# Provenance: PyTorch 2.13.0 by networks_torch.py, 2026-11-22. One row per distinct shape of a network;
# layers: how many have it; producers: those of their inputs, summed over these layers.
# P, R: width; Q, S: height. An up-convolution is given in its sub-pixel form.
network,layer,type,C,K,P,Q,R,S,stride_h,stride_w,dilation,groups,macs,layers,producers""")
for net in NETS:
    trace(*net)
