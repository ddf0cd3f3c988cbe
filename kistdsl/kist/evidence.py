"""What a report shows: maps of chosen test images, labels, and how residuals are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from kistdsl.data.images import write_png
from kistdsl.data.layouts import Item
from kistdsl.kist.inference import Map, maps_of, test_map
from kistdsl.kist.iterations import Iterations
from kistdsl.kist.methods import Method
from kistdsl.kist.preparing import load_masks
from kistdsl.kist.product_data import RunData
from kistdsl.kist.run_folder import RunFolder, write_arrays
from kistdsl.kist.stacks import Stack
from kistdsl.kist.training import Workshop
from kistdsl.metrics import Decision

PANELS_EACH = 3
"""Test images of each defect type (and of "good") that are shown."""

_BINS = 120
_TOP_SHARE = 0.999  # the histograms end at this quantile; what lies above counts in the last bin

Arrays = dict[str, NDArray[Any]]


def chosen_images(stack: Stack) -> list[int]:
    """The first few test images of each type, as they come: chosen before any result is known."""
    by_kind: dict[str, list[int]] = {}
    for index, item in enumerate(stack.items):
        by_kind.setdefault(item.defect, []).append(index)
    return [i for kind in sorted(by_kind) for i in by_kind[kind][:PANELS_EACH]]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Looks at two models of one run."""

    data: RunData
    shop: Workshop
    method: Method

    def maps(self, network: nn.Module, stack: Stack) -> list[Map]:
        """The filtered maps of `stack`."""
        transform = test_map(self.shop.settings)
        raw = maps_of(network, self.method, stack, self.shop)
        return [transform(stack, index, values) for index, values in enumerate(raw)]

    def truths(self, items: tuple[Item, ...]) -> list[NDArray[np.bool_]]:
        """Masks at the model's size, empty where there are none."""
        side = self.shop.settings.size
        masks = load_masks(items, side)
        return [masks.get(item.name, np.zeros((side, side), np.bool_)) for item in items]

    def panels(self, baseline: nn.Module, final: nn.Module) -> Arrays:
        """`panels.npz` without its thresholds, see `kistdsl.kist.run_folder`."""
        shown = self.data.test.take(chosen_images(self.data.test))
        return {
            "names": np.array([item.name for item in shown.items]),
            "kinds": np.array([item.defect for item in shown.items]),
            "images": np.stack([shown.bytes_of(i) for i in range(len(shown))]),
            "truths": np.stack(self.truths(shown.items)),
            "baseline": np.stack(self.maps(baseline, shown)),
            "kist": np.stack(self.maps(final, shown)),
        }

    def histograms(self, networks: Sequence[nn.Module], decisions: Sequence[Decision]) -> Arrays:
        """`residuals.npz`: each map, relative as its thresholds are, over its own upper end.

        Args:
            networks: the baseline, and KIST.
            decisions: their thresholds; the alarm's lies within the histogram.
        """
        truth = np.stack(self.truths(self.data.test.items))
        edges = np.linspace(0.0, 1.0, _BINS + 1)
        arrays: Arrays = {"edges": edges}
        for name, network, decision in zip(("baseline", "kist"), networks, decisions, strict=True):
            values = np.stack([decision.relative(m) for m in self.maps(network, self.data.test)])
            top = max(float(np.quantile(values, _TOP_SHARE)), 1.1 * decision.image, 1e-12)
            scaled = np.clip(values / top, 0.0, 1.0)
            arrays[f"{name}_normal"] = np.histogram(scaled[~truth], edges)[0]
            arrays[f"{name}_anomalous"] = np.histogram(scaled[truth], edges)[0]
            arrays[f"{name}_top"] = np.array(top)
        return arrays


def write_labels(folder: RunFolder, stack: Stack, iterations: Iterations, rules: Sequence[str]) -> None:
    """`pseudo_labels/` and `labels.npz`: the first and the last labels of the anomalous images.

    Args:
        folder, stack, iterations: of the run.
        rules: names of the rules that took part, in the order of their parts.
    """
    first = iterations.masks if iterations.first is None else iterations.first
    for item, mask in zip(stack.items, iterations.masks, strict=True):
        write_png(folder.labels / f"{item.path.parent.name}_{item.path.stem}_mask.png", mask)
    arrays: Arrays = {
        "names": np.array([item.name for item in stack.items]),
        "images": np.stack([stack.bytes_of(i) for i in range(len(stack))]),
        "first": first,
        "last": iterations.masks,
    }
    if iterations.parts is not None:
        arrays |= {"rules": np.array(rules), "parts": iterations.parts}
    write_arrays(folder.root / "labels.npz", arrays)
