"""golden_nn.py -- computes tests/golden/nn/*.h with PyTorch: one full training step of a perceptron
(forward, Huber loss, backward, clipping, Adam) repeated a few times, SGD with momentum, and the
quantile Huber loss.
Run from the top of the tree: sh tests/python/venv.sh torch && .venv/bin/python tests/python/golden_nn.py
"""
import platform

import torch

SEED = 20240408
STEPS = 5
WIDTHS = [6, 16, 12, 3]
ROWS = 10
DELTA, LR, MAX_NORM = 0.7, 1e-2, 0.25
BETAS, EPS = (0.9, 0.999), 1e-8
OUT = "tests/golden/nn/"


def flat(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def literal(v):
    text = f"{float(v):.9g}"  # nine digits give the float back exactly
    return text + ("f" if "." in text or "e" in text else ".0f")


def array(name, t):
    values = [literal(v) for v in t.detach().to(torch.float32).reshape(-1)]
    lines = ["    " + ", ".join(values[i : i + 6]) for i in range(0, len(values), 6)]
    return f"static const float {name}[{len(values)}] = {{\n" + ",\n".join(lines) + "};\n"


def header(name, what, body):
    with open(OUT + name + ".h", "w") as f:
        f.write(f"/* {name}.h -- {what}\n")
        f.write(f" * Computed by tests/python/golden_nn.py: torch {torch.__version__}, Python "
                f"{platform.python_version()},\n * CPU, seed {SEED}. Do not edit. */\n")
        f.write(body)


def net():
    """Weights and biases layer by layer, W[out,in], b[out]: PyTorch's order, which the test turns."""
    params = []
    for i, o in zip(WIDTHS, WIDTHS[1:]):
        params += [torch.randn(o, i) / i**0.5, 0.1 * torch.randn(o)]
    return [p.requires_grad_() for p in params]


def forward(params, x, act):
    for i in range(0, len(params), 2):
        x = torch.nn.functional.linear(x, params[i], params[i + 1])
        if i + 2 < len(params):
            x = act(x)
    return x


def clip(params):
    """As grad_clip(): torch's clip_grad_norm_ adds 1e-6 to the norm."""
    norm = flat([p.grad for p in params]).double().norm()
    if norm > MAX_NORM:
        for p in params:
            p.grad *= (MAX_NORM / norm).float()
    return norm


def mlp_step(name, act):
    params = net()
    x, target = torch.randn(ROWS, WIDTHS[0]), torch.randn(ROWS, WIDTHS[-1])
    weight = torch.rand(ROWS, WIDTHS[-1])
    adam = torch.optim.Adam(params, lr=LR, betas=BETAS, eps=EPS)
    body = array(f"{name}_params", flat(params)) + array(f"{name}_x", x)
    body += array(f"{name}_target", target) + array(f"{name}_weight", weight)
    losses, norms = [], []
    for step in range(STEPS):
        adam.zero_grad()
        y = forward(params, x, act)
        loss = (weight * torch.nn.functional.huber_loss(y, target, reduction="none", delta=DELTA)).mean()
        loss.backward()
        if step == 0:
            body += array(f"{name}_y", y) + array(f"{name}_grads", flat([p.grad for p in params]))
        losses.append(loss.item())
        norms.append(clip(params).item())
        adam.step()
    body += array(f"{name}_losses", torch.tensor(losses)) + array(f"{name}_norms", torch.tensor(norms))
    return body + array(f"{name}_params_after", flat(params))


def optimisers():
    n, steps = 17, 8
    start, grads = torch.randn(n), torch.randn(steps, n)
    body = f"enum {{ OPT_N = {n}, OPT_STEPS = {steps} }};\n"
    body += array("opt_start", start) + array("opt_grads", grads)
    for name, make in {
        "adam": lambda p: torch.optim.Adam([p], lr=LR, betas=BETAS, eps=EPS),
        "sgd": lambda p: torch.optim.SGD([p], lr=LR),
        "momentum": lambda p: torch.optim.SGD([p], lr=LR, momentum=0.9),
    }.items():
        p = start.clone().requires_grad_()
        optimiser = make(p)
        for g in grads:
            p.grad = g.clone()
            optimiser.step()
        body += array(f"opt_{name}", p)
    return body


def quantile_huber(rows=4, n=5):
    """Dabney et al. 2018, equation 10, as a mean over rows, quantiles and targets."""
    x, target = torch.randn(rows, n, requires_grad=True), torch.randn(rows, n)
    weight = torch.rand(rows)
    tau = (torch.arange(n) + 0.5) / n
    ones = torch.ones(rows, n, n)
    u = target[:, None, :] - x[:, :, None]
    huber = torch.nn.functional.huber_loss(x[:, :, None] * ones, target[:, None, :] * ones,
                                           reduction="none", delta=DELTA)
    rho = (tau[None, :, None] - (u < 0).float()).abs() * huber
    loss = (weight[:, None, None] * rho).mean()
    loss.backward()
    body = f"enum {{ QUANTILE_ROWS = {rows}, QUANTILE_N = {n} }};\n"
    for name, t in (("x", x), ("target", target), ("weight", weight), ("loss", loss), ("grad", x.grad)):
        body += array("quantile_" + name, t)
    return body


torch.manual_seed(SEED)
torch.set_num_threads(1)
constants = (f"enum {{ GOLD_ROWS = {ROWS}, GOLD_STEPS = {STEPS}, GOLD_IN = {WIDTHS[0]}, GOLD_H1 = {WIDTHS[1]}, "
             f"GOLD_H2 = {WIDTHS[2]}, GOLD_OUT = {WIDTHS[3]} }};\n"
             f"static const double GOLD_DELTA = {DELTA}, GOLD_LR = {LR}, GOLD_MAX_NORM = {MAX_NORM};\n")
header("mlp_step", "training steps of a perceptron as PyTorch takes them.",
       constants + mlp_step("relu", torch.relu) + mlp_step("tanh", torch.tanh))
header("optimisers", "Adam and SGD on given gradients as PyTorch takes them.", optimisers())
header("quantile_huber", "the quantile Huber loss and its gradient in PyTorch.", quantile_huber())
