"""peers_torch.py -- PyTorch's side of peers.py: one DQN update of a 64-256-256-32 MLP, written as well as
we know: preallocated batch, no sampling, nothing recorded for the targets, fused Adam. Reads commands
from stdin and answers each with a number ("nan" and a line on stderr if it cannot):
  update eager|compile BATCH THREADS SECONDS    updates/s
  forward eager|compile SECONDS                 us of one forward of one row
The environment (MKL, OPENBLAS, ...) is the caller's, set before this starts."""
import sys
import time

import torch
import torch.nn.functional as F

IN, HIDDEN, OUT = 64, 256, 32


def net():
    return torch.nn.Sequential(
        torch.nn.Linear(IN, HIDDEN), torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, OUT))


class Update:
    def __init__(self, batch, mode):
        torch.manual_seed(1)
        self.online, self.target = net(), net()
        self.target.load_state_dict(self.online.state_dict())
        self.s, self.s2 = torch.randn(batch, IN), torch.randn(batch, IN)
        self.a = torch.randint(OUT, (batch, 1))
        self.r, self.discount = torch.randn(batch, 1), torch.full((batch, 1), 0.99)
        self.adam = torch.optim.Adam(self.online.parameters(), lr=1e-4, fused=True)
        self.loss = torch.compile(self.loss_of) if mode == "compile" else self.loss_of
        self.y = torch.compile(self.target_of) if mode == "compile" else self.target_of

    def target_of(self, s2, r, discount):
        best = self.online(s2).argmax(1, keepdim=True)
        return r + discount * self.target(s2).gather(1, best)

    def loss_of(self, s, a, y):
        return F.smooth_l1_loss(self.online(s).gather(1, a), y)

    def step(self):
        with torch.no_grad():  # inference_mode's tensors cannot be part of the loss
            y = self.y(self.s2, self.r, self.discount)
        loss = self.loss(self.s, self.a, y)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()


updates = {}


def timed(f, calls, seconds):
    """Calls per second, f being called `calls` times between looks at the clock."""
    n, start = 0, time.perf_counter()
    while (t := time.perf_counter() - start) < seconds:
        for _ in range(calls):
            f()
        n += calls
    return n / t


def update(mode, batch, threads, seconds):
    torch.set_num_threads(int(threads))
    key = mode, int(batch)
    if key not in updates:
        updates[key] = Update(int(batch), mode)
    step = updates[key].step
    timed(step, 1, 0.2 * float(seconds))  # warm
    return timed(step, 1, float(seconds))


def forward(mode, seconds):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    f, x = net().eval(), torch.randn(1, IN)
    if mode == "compile":
        f = torch.compile(f)
    with torch.inference_mode():
        for _ in range(200):
            f(x)
        return 1e6 / timed(lambda: f(x), 100, float(seconds))


for line in sys.stdin:
    command, *args = line.split()
    try:
        answer = {"update": update, "forward": forward}[command](*args)
    except Exception as e:  # torch.compile needs a C++ compiler, and may not support this Python
        print(f"torch, {line.strip()}: {type(e).__name__}: {str(e).splitlines()[0]}", file=sys.stderr)
        answer = float("nan")
    print(f"{answer:.6g}", flush=True)
