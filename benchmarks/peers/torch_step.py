"""A peer of the benchmarks: timm on PyTorch, one step at a time, so that a harness can take turns between peers.

Speaks JSON lines (README.md): prints one line when ready, then answers each {"run": n} with the times of n steps.
Between two requests it only waits for its input.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import torch

# One step; what it returns reads the loss, which the timing leaves out.
Step = Callable[[], Callable[[], float]]
VARIANTS = ("eager", "compile", "bf16", "compile-bf16", "channels_last")


def main() -> None:
    args = parse_args()
    out = take_stdout()
    try:
        import timm
        import torch
    except ImportError as error:
        send(out, {"missing": f"{error}; run benchmarks/peers/setup.sh"})
        return

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    try:
        model, step = build(args)
    except FileNotFoundError as error:
        send(out, {"missing": f"{error}; run benchmarks/peers/setup-cas-vit.sh"})
        return
    send(
        out,
        {
            "ready": True,
            "params": sum(parameter.numel() for parameter in model.parameters()),
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "timm": timm.__version__,
                "blas": "mkl" if torch.backends.mkl.is_available() else "other",
                "cpu": torch.backends.cpu.get_cpu_capability(),
            },
            "threads": torch.get_num_threads(),
        },
    )
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            count = request["run"]
            if not isinstance(count, int) or count < 1:
                raise ValueError(f"run: expected a whole number of steps from 1, found {count!r}")
            send(out, measure(step, count))
        except (ValueError, KeyError, TypeError) as error:
            send(out, {"error": f'expected {{"run": steps}}, found {line.strip()!r} ({error})'})


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="vit_small_patch16_224", help="a timm name, or rcvit_* of CAS-ViT")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--img", type=int, default=224)
    parser.add_argument("--num-classes", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mode", choices=("train", "infer"), default="train")
    parser.add_argument("--variant", choices=VARIANTS, default="eager")
    parser.add_argument("--fused", action="store_true", help="AdamW's fused kernel in place of the default loop")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def build(args: argparse.Namespace) -> tuple["torch.nn.Module", Step]:
    """The model, and its step."""
    import torch
    import torch.nn.functional as F

    model = create_model(args)
    x = torch.randn(args.batch, 3, args.img, args.img)
    labels = torch.randint(0, args.num_classes, (args.batch,))
    if args.variant == "channels_last":
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    forward = torch.compile(model) if args.variant.startswith("compile") else model

    def precision() -> AbstractContextManager:
        return torch.autocast("cpu", torch.bfloat16) if args.variant.endswith("bf16") else nullcontext()

    if args.mode == "infer":
        model.eval()

        def infer() -> Callable[[], float]:
            with torch.inference_mode(), precision():
                logits = forward(x)
            return lambda: F.cross_entropy(logits.float(), labels).item()

        return model, infer

    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05, fused=args.fused or None)

    def train() -> Callable[[], float]:
        optimizer.zero_grad(set_to_none=True)
        with precision():
            outputs = forward(x)
            # A distilled model answers twice while it trains.
            heads = outputs if isinstance(outputs, tuple) else (outputs,)
            loss = sum(F.cross_entropy(logits, labels) for logits in heads) / len(heads)
        loss.backward()
        optimizer.step()
        return loss.item

    return model, train


def create_model(args: argparse.Namespace) -> "torch.nn.Module":
    """A model of timm, or of the authors of CAS-ViT."""
    import timm

    if args.model.startswith("rcvit_"):
        folder = Path(os.environ.get("CAS_VIT") or Path(__file__).parent.parent / ".peers" / "cas-vit")
        source = folder / "classification" / "model"
        if not (source / "rcvit.py").exists():
            raise FileNotFoundError(f"no rcvit.py in {source}")
        sys.path.insert(0, str(source))
        import rcvit

        return getattr(rcvit, args.model)(num_classes=args.num_classes)
    options = {"pretrained": False, "num_classes": args.num_classes}
    try:
        return timm.create_model(args.model, img_size=args.img, **options)
    except TypeError:  # a convolutional family, which takes any size
        return timm.create_model(args.model, **options)


def measure(step: Step, count: int) -> dict[str, object]:
    """Times `count` steps one by one; the loss is read after the clock has stopped."""
    times = []
    cpu = time.process_time()
    for _ in range(count):
        start = time.perf_counter()
        loss = step()
        times.append(round((time.perf_counter() - start) * 1000, 3))
    cpu = time.process_time() - cpu
    rss, peak = memory_mb()
    return {"ms": times, "loss": loss(), "rss_mb": rss, "peak_mb": peak, "cpu_ms": round(cpu * 1000)}


def memory_mb() -> tuple[float | None, float]:
    """Resident memory now (where /proc has it) and at its highest since the process began."""
    # Bytes on macOS, kB elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    try:
        with open("/proc/self/statm") as file:
            rss = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        rss = None
    return None if rss is None else round(rss / 1e6, 1), round(peak / 1e6, 1)


def take_stdout() -> TextIO:
    """Keeps stdout for the protocol: whatever libraries and compilers print goes to stderr."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


def send(out: TextIO, message: dict[str, object]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
