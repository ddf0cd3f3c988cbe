"""Training steps: images a second, and the share of the device's peak that they reach.

    python benchmarks/training.py [--preset fast] [--models unet cae] [--device auto] [--seconds 10]
        [--precisions float32 bfloat16] [--compile]

Steps are those of a run: batches drawn, images turned from resident bytes into inputs and augmented, the
network forward and back, Adam. `normal` is a step of the initial model (eq. 8), `KIST` one of a model update
(eq. 13) with labels on 15 images. Floating-point operations are those of convolutions and matrix products,
counted by PyTorch for one step; the peak is the best product of two square matrices in the same precision, on
the same device in the same run, so that a share means the same on a laptop and on a large GPU.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from kistdsl.data.layouts import Item
from kistdsl.kist.batches import ContrastiveBatches, Labels, NormalBatches
from kistdsl.kist.config import Settings, make_settings
from kistdsl.kist.devices import choose_device
from kistdsl.kist.distributed import world
from kistdsl.kist.methods import METHODS
from kistdsl.kist.models.registry import build
from kistdsl.kist.paste import Regions
from kistdsl.kist.stacks import Stack
from kistdsl.kist.training import StepLoss, Workshop

NORMAL_IMAGES, LABELLED_IMAGES = 300, 15
HEAD = (
    "network | size | step | batch | precision | compiled | images/s | GFLOP/step | TFLOP/s | share of peak"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Time of one step in seconds, and its floating-point operations."""

    seconds: float
    operations: float


def stack_of(count: int, settings: Settings, device: torch.device) -> Stack:
    """Gray noise: what a step costs does not depend on what it sees."""
    draw = torch.Generator().manual_seed(count)
    shape = (count, 1, settings.size, settings.size)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=draw)
    items = tuple(Item(f"{i}", Path(f"{i}.png"), "good", f"{i}") for i in range(count))
    return Stack(items, pixels.to(device), torch.full((count,), 1 / 255, device=device))


def labels_of(stack: Stack) -> Labels:
    """A square of a tenth of the side on each image."""
    masks = np.zeros((len(stack.pixels), *stack.pixels.shape[2:]), np.bool_)
    side = masks.shape[1]
    masks[:, side // 2 : side // 2 + side // 10, side // 3 : side // 3 + side // 10] = True
    anomalous = torch.from_numpy(masks).unsqueeze(1).to(stack.pixels.device)
    return Labels(stack, anomalous, ~anomalous, Regions.of(masks, stack.pixels.device))


def steps_of(settings: Settings, shop: Workshop) -> Iterator[tuple[str, int, nn.Module, StepLoss]]:
    """Name, batch size, network and loss of both kinds of step."""
    method = METHODS[settings.base_method](settings)
    normal = stack_of(NORMAL_IMAGES, settings, shop.device)
    labels = labels_of(stack_of(LABELLED_IMAGES, settings, shop.device))
    network = build(settings.model, settings, 1)
    network.to(shop.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    if settings.compile:
        network.compile()
    plain = NormalBatches("normal", network, method, normal, settings.batch, shop)
    yield "normal", settings.batch, network, plain
    weight = settings.anomalous_weight
    kist = ContrastiveBatches("kist", network, method, normal, labels, weight, shop)
    yield "KIST", settings.iteration_batch, network, kist


def settle(device: torch.device) -> None:
    """Wait for what the device still does."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_each(action: Callable[[int], None], device: torch.device, at_least: float) -> float:
    """Seconds of one call, over calls that take `at_least` together, after three to warm up."""
    for number in range(3):
        action(number)
    settle(device)
    begun, calls = time.perf_counter(), 0
    while time.perf_counter() - begun < at_least:
        for _ in range(5):
            action(calls)
            calls += 1
        settle(device)
    return (time.perf_counter() - begun) / calls


def measure(network: nn.Module, loss: StepLoss, device: torch.device, seconds: float) -> Measured:
    """Time and count a whole training step."""
    optimiser = torch.optim.Adam(network.parameters())

    def step(number: int) -> None:
        optimiser.zero_grad()
        loss(number).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    taken = seconds_each(step, device, seconds)
    counter = FlopCounterMode(display=False)
    with counter:
        step(0)
    return Measured(taken, float(counter.get_total_flops()))


def peak(device: torch.device, precision: str, seconds: float) -> float:
    """Floating-point operations a second of the best square matrix product."""
    kind = getattr(torch, precision)
    best = 0.0
    for side in (1024, 2048, 4096) if device.type == "cpu" else (2048, 4096, 8192):
        one: Tensor = torch.randn(side, side, device=device, dtype=kind)
        other = torch.randn(side, side, device=device, dtype=kind)
        taken = seconds_each(lambda _, a=one, b=other: torch.mm(a, b), device, seconds)  # type: ignore[misc]
        best = max(best, 2 * side**3 / taken)
    return best


def rows(args: argparse.Namespace) -> Iterator[str]:
    """One line a network, precision and kind of step."""
    for precision in args.precisions:
        device = choose_device(make_settings({"device": args.device}))
        limit = peak(device, precision, min(args.seconds, 2.0))
        for model in args.models:
            given = {"model": model, "precision": precision, "compile": args.compile, "device": args.device}
            settings = make_settings({**given, "exposure": "none"}, preset=args.preset)
            with tempfile.TemporaryDirectory() as folder, world(device) as one:
                shop = Workshop(Path(folder), settings, device, one, lambda _: None)
                for name, batch, network, loss in steps_of(settings, shop):
                    found = measure(network, loss, device, args.seconds)
                    speed = found.operations / found.seconds
                    cells = (
                        *(model, settings.size, name, batch, precision, "yes" if args.compile else "no"),
                        *(f"{batch / found.seconds:.0f}", f"{found.operations / 1e9:.1f}"),
                        *(f"{speed / 1e12:.3f}", f"{speed / limit:.0%} of {limit / 1e12:.2f}"),
                    )
                    yield "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=("demo", "fast", "paper"), default="fast")
    parser.add_argument("--models", nargs="+", default=["unet", "cae"])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--precisions", nargs="+", choices=("float32", "bfloat16"), default=["float32"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    args = parser.parse_args()
    device = choose_device(make_settings({"device": args.device}))
    name = (
        torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    )
    print(f"preset {args.preset}, {device.type} ({name}), torch {torch.__version__}\n\n| {HEAD} |")
    print("|" + "---|" * (HEAD.count("|") + 1))
    for row in rows(args):
        print(row, flush=True)


if __name__ == "__main__":
    main()
