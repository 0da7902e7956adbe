"""peers.py -- the learner against PyTorch and ONNX Runtime, measured in turn on this machine. Started by
peers.sh. Exits 1 when a bar is missed.

Each contender is a process that sleeps until it is asked for one measurement of some tenths of a second,
so rounds cost little and a busy moment hits all alike. First PyTorch's settings are tried (threads, eager
or compiled, variables for its BLAS); the best few of each batch size then run every round beside ours.
Every number is a median over the rounds; a ratio is the median of the ratios within the rounds."""
import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENTS = [
    {},
    {"MKL_ENABLE_INSTRUCTIONS": "AVX512"},
    {"OMP_WAIT_POLICY": "PASSIVE"},  # threads that sleep instead of spinning
    {"OPENBLAS_CORETYPE": "SkylakeX", "MKL_DEBUG_CPU_TYPE": "5"},
]
FINALISTS = 3
BARS = {256: 2.2, 32: 3.0}  # ours over PyTorch's, each with its best settings
SHARE, MORE = 0.8, 1.6  # of the products' rate on one thread; two threads over one; both at batch 256


class Worker:
    def __init__(self, name, argv, environment=None):
        self.name = name
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **(environment or {})))

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"peers: {self.name} ended at '{command}'")
        return float(answer)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def is_number(x):
    return x == x


def median(values):
    return statistics.median(values)


def describe(environment, mode, threads):
    variables = " ".join(f"{k}={v}" for k, v in environment.items())
    return f"PyTorch {mode}, {threads} thread{'s' if threads > 1 else ''}" + (f", {variables}" if variables else "")


def candidates(torch):
    return [(describe(e, mode, threads), w, f"update {mode} {{batch}} {threads} {{seconds}}")
            for e, w in zip(ENVIRONMENTS, torch) for mode in ("eager", "compile") for threads in (1, 2)]


def finalists(torch, batch, seconds):
    """PyTorch's best settings at this batch size, from a trial of all."""
    tried = []
    for name, worker, command in candidates(torch):
        worker.ask(command.format(batch=batch, seconds=0.05))  # compiles
        rate = worker.ask(command.format(batch=batch, seconds=seconds))
        print(f"  trial, batch {batch}: {name}: {rate:.0f} updates/s", file=sys.stderr)
        if is_number(rate):
            tried.append((rate, name, worker, command))
    tried.sort(key=lambda t: -t[0])
    return [t[1:] for t in tried[:FINALISTS]]


def measure(contenders, rounds, seconds, batch=0):
    """{name: [one number per round]}"""
    results = {name: [] for name, _, _ in contenders}
    for _ in range(rounds):
        for name, worker, command in contenders:
            results[name].append(worker.ask(command.format(batch=batch, seconds=seconds)))
    return results


def ratio(a, b):
    return median([x / y for x, y in zip(a, b)])


def row(what, value, bar=None):
    verdict = "" if bar is None else f"   bar {bar:.1f}: " + ("ok" if value >= bar else "MISSED")
    print(f"  {what:<72} {value:7.2f} x{verdict}")
    return bar is None or value >= bar


def table_updates(ours, torch, batch, args):
    mine = [("RELMAS, 1 thread", ours, "update {batch} 1 {seconds}"),
            ("RELMAS, 2 threads", ours, "update {batch} 2 {seconds}"),
            ("products alone (OpenBLAS), 1 thread", ours, "products {batch} {seconds}")]
    peers = finalists(torch, batch, args.seconds)
    r = measure(mine + peers, args.rounds, args.seconds, batch)
    print(f"\nDQN updates/s, 64-256-256-32, batch {batch} (median of {args.rounds} rounds, least .. most)")
    for name, values in r.items():
        print(f"  {name:<72} {median(values):7.0f}   {min(values):.0f} .. {max(values):.0f}")
    one, two, products = (r[name] for name, _, _ in mine)
    best = max((r[name] for name, _, _ in peers), key=median)
    fastest = max(one, two, key=median)
    good = row("RELMAS over PyTorch, each at its best", ratio(fastest, best), BARS[batch])
    row("RELMAS on one thread over PyTorch at its best", ratio(one, best))
    bars = (SHARE, MORE) if batch == 256 else (None, None)
    good &= row("one thread over the rate of its products alone", ratio(one, products), bars[0])
    return good & row("two threads over one", ratio(two, one), bars[1])


def table_forward(ours, torch, onnx, args):
    contenders = [("RELMAS", ours, "forward {seconds}"), ("ONNX Runtime", onnx, "forward {seconds}"),
                  ("PyTorch eager", torch[0], "forward eager {seconds}"),
                  ("PyTorch compile", torch[0], "forward compile {seconds}")]
    r = measure(contenders, args.rounds, args.seconds)
    print("\nForward of one row, 64-256-256-32, one thread: us, and RELMAS's speed over it")
    for name, values in r.items():
        if is_number(median(values)):
            print(f"  {name:<72} {median(values):7.2f}   {ratio(values, r['RELMAS']):.1f} x")


def explain():
    print("An update: online(s), online(s'), target(s'); double Q target; Huber; backward; Adam. RELMAS's also\n"
          "draws its batch from a replay, takes the gradient's norm and moves an average of the weights\n"
          "(rl/dqn.c as in training); PyTorch's batch lies ready. \"Products alone\": the 14 matrix products of\n"
          "that update, Y = X W thrice, dW = X^T dY, dX = dY W^T but for layer 1, by OpenBLAS on one thread.")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bench", required=True, help="bench_learner")
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--seconds", type=float, default=0.5, help="per measurement")
    args = p.parse_args()
    ours = Worker("bench_learner", [args.bench, "serve"])
    torch = [Worker("PyTorch", [sys.executable, f"{HERE}/peers_torch.py"], e) for e in ENVIRONMENTS]
    onnx = Worker("ONNX Runtime", [sys.executable, f"{HERE}/peers_onnx.py"])
    explain()
    good = all([table_updates(ours, torch, batch, args) for batch in BARS])
    table_forward(ours, torch, onnx, args)
    for w in [ours, onnx, *torch]:
        w.end()
    load = os.getloadavg()[0]
    print(f"\n{'all bars met' if good else 'a bar was MISSED'} (load average {load:.1f}; above 2.5 others were running)")
    sys.exit(0 if good else 1)


main()
