"""The loop of Algorithm 1: thresholds, pseudo-labels, model update.

An iteration's facts (JSON): `iteration`, `labelled_by` (the stage whose residual was judged), `mu`, `sigma`, `thresholds`, `labelled_images`, `regions`,
`pixels` (labelled, over all images), `rules` (see `RuleFiring`), `by_image` (pixels of each rule), and `stopped`: why self-training ends
with the model before this iteration, or None.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf, isfinite
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kistdsl.engine.rule_set import RuleSet
from kistdsl.kist import tensors
from kistdsl.kist.batches import ContrastiveBatches, Labels, iteration_name, surely_background
from kistdsl.kist.controls import moved_labels, swapped_labels
from kistdsl.kist.events import Labelled, Note, told
from kistdsl.kist.inference import Map, Statistics, label_map, maps_of, statistics_of
from kistdsl.kist.label_parts import Parts, joined, packed_parts
from kistdsl.kist.labelling import (
    ImageLabel,
    Labeller,
    Mask,
    candidate_maps,
    count_regions,
    rules_taking_part,
)
from kistdsl.kist.methods import Method
from kistdsl.kist.paste import Regions
from kistdsl.kist.rule_check import (
    RuleFiring,
    check_rules,
    kept_mask,
    packed_usual,
    without_usual,
)
from kistdsl.kist.stacks import Stack
from kistdsl.kist.stages import LabelSource, Stages, Trained, trained
from kistdsl.kist.training import Collapse, Progress, Stage, run_stage

Masks = NDArray[np.bool_]

LABELS = "pseudo_labels"
"""Name of the labels in an iteration's file: (N, S, S) uint8, 0 or 1."""

PARTS = "label_parts"
"""Name of the rules' parts of them (see `kistdsl.kist.label_parts`); absent where no rule gave the labels."""

NOTHING_LABELLED = (
    "no rule labelled any pixel of the anomalous images (look at them with `kistdsl audit`; "
    "--set control=no-rules teaches without rules)"
)

_SUSPICIOUS = 3.0  # residuals above mu + this many sigma are never taken for background


@dataclass(frozen=True, slots=True, eq=False)
class Labelling:
    """The pseudo-labels of one iteration.

    Attributes:
        stage: whose residual was judged.
        masks: (N, S, S) bool of all anomalous images, accumulated if the settings say so.
        parts: of the rules, this iteration; None where a control took the labels from elsewhere.
        suspicious: (N, S, S) bool, residual above mu + 3 sigma.
        statistics: mu and sigma of eq. 9.
        thresholds: by candidate map.
        firings: of the rules, this iteration.
        by_image: for each anomalous image, the pixels that each rule labelled; of rules that take part.
        usual: (S, S) bool by rule, where what it finds was dropped; empty where nothing is.
    """

    stage: str
    masks: Masks
    parts: Parts | None
    suspicious: Masks
    statistics: Statistics
    thresholds: dict[str, list[float]]
    firings: tuple[RuleFiring, ...]
    by_image: tuple[dict[str, int], ...]
    usual: Mapping[str, Mask]

    def facts(self, number: int, stopped: str | None) -> dict[str, Any]:
        """As JSON."""
        return {
            "iteration": number,
            "labelled_by": self.stage,
            "mu": self.statistics.mu,
            "sigma": self.statistics.sigma,
            "thresholds": self.thresholds,
            "labelled_images": int(self.masks.any((1, 2)).sum()),
            "regions": sum(count_regions(mask) for mask in self.masks),
            "pixels": int(self.masks.sum()),
            "rules": [asdict(firing) for firing in self.firings],
            "by_image": list(self.by_image),
            "stopped": stopped,
        }


def label_images(stages: Stages, rules: RuleSet, source: LabelSource, before: Masks) -> Labelling:
    """Steps "obtain T_e" and 2.1 of Algorithm 1.

    Args:
        stages: data and settings.
        rules: of the product line.
        source: whose residual is judged.
        before: (N, S, S) bool, the labels so far.
    """
    settings, shop, data = stages.settings, stages.shop, stages.data
    network, method = source.network, source.method
    smooth = label_map(settings)
    statistics = statistics_of(network, method, data.fit, shop, smooth)

    def maps(stack: Stack) -> list[Map]:
        return [smooth(stack, i, raw) for i, raw in enumerate(maps_of(network, method, stack, shop))]

    watched, residuals = maps(data.held_out), maps(data.anomalous)
    normal = [(data.held_out.bytes_of(i), e) for i, e in enumerate(watched)]
    candidates = candidate_maps(settings, statistics, normal)
    without_rules = settings.control == "no-rules"
    labeller = Labeller(None if without_rules else rules_taking_part(rules, settings), candidates, settings)
    judged = [*normal, *((data.anomalous.bytes_of(i), e) for i, e in enumerate(residuals))]
    said = told(shop.listener, "labels", "pseudo-labels", judged, len(judged))
    labels = [labeller(image, error) for image, error in said]
    of_normal, of_anomalous = labels[: len(normal)], labels[len(normal) :]
    checks = settings.rule_check and not without_rules
    usual: dict[str, Mask] = {}
    if checks:
        of_normal, of_anomalous, usual = without_usual(of_normal, of_anomalous, settings)
    firings = check_rules(of_normal, of_anomalous, settings.rule_check_ratio if checks else None)
    masks = _kept(stages, of_anomalous, firings)
    limit = statistics.mu + _SUSPICIOUS * statistics.sigma
    return Labelling(
        stage=source.stage,
        masks=masks | before if settings.accumulate else masks,
        parts=None if _from_elsewhere(stages) else packed_parts(of_anomalous, firings),
        suspicious=np.stack(residuals) > limit,
        statistics=statistics,
        thresholds={candidate.name: list(candidate.levels) for candidate in candidates},
        firings=firings,
        by_image=tuple(_pixels_by_rule(label, firings) for label in of_anomalous),
        usual=usual,
    )


def _pixels_by_rule(label: ImageLabel, firings: Sequence[RuleFiring]) -> dict[str, int]:
    """Pixels of an image that each rule labelled, without rules that are set aside or labelled none."""
    names = [firing.rule for firing in firings if not firing.set_aside]
    return {name: int(label.by_rule[name].sum()) for name in names if label.by_rule[name].any()}


def _kept(stages: Stages, labels: Sequence[ImageLabel], firings: Sequence[RuleFiring]) -> Masks:
    """Labels of the rules that take part, as the control wants them."""
    if stages.data.ceiling is not None:
        return stages.data.ceiling
    masks = np.stack([kept_mask(label, firings) for label in labels])
    if stages.settings.control == "random-labels":
        return moved_labels(masks, stages.settings.seed)
    if stages.settings.control == "wrong-image":
        return swapped_labels(masks, stages.settings.seed)
    return masks


def _from_elsewhere(stages: Stages) -> bool:
    """Whether a control puts other labels in place of the rules'."""
    return stages.data.ceiling is not None or stages.settings.control in ("random-labels", "wrong-image")


class Iterations:
    """Algorithm 1 from its second step on.

    Args:
        stages: data, settings and finished stages.
        rules: of the product line.
        limit: held-out loss above which an update counts as collapsed.
    """

    def __init__(self, stages: Stages, rules: RuleSet, limit: float) -> None:
        self.stages = stages
        self.rules = rules
        self.limit = limit
        side = stages.settings.size
        self.masks: Masks = np.zeros((len(stages.data.anomalous), side, side), np.bool_)
        self.first: Masks | None = None
        self.parts: Parts | None = None

    def update(self, number: int, network: nn.Module, source: LabelSource) -> Trained:
        """One iteration; `network` is the updated one afterwards, or the one before if it collapsed.

        Args:
            number: from 1.
            network: the model.
            source: whose residual the labels come from.
        """
        stages = self.stages
        name = iteration_name(number)
        found = stages.stored(name, network)
        if found:
            stored, _ = tensors.load(stages.shop.folder / f"{name}.safetensors")
            parts = stored[PARTS].numpy() if PARTS in stored else None
            self._remember(stored[LABELS].numpy().astype(np.bool_), parts)
            self._report(found)
            return found
        begun = time.monotonic()
        labelling = label_images(stages, self.rules, source, self.masks)
        self._remember(labelling.masks, labelling.parts)
        seconds = time.monotonic() - begun
        done = self._train(name, number, network, labelling)
        done = replace(done, seconds=done.seconds + seconds)
        extra = {LABELS: torch.from_numpy(self.masks.astype(np.uint8))}
        if self.parts is not None:
            extra[PARTS] = torch.from_numpy(self.parts)
        extra.update({key: torch.from_numpy(bits) for key, bits in packed_usual(labelling.usual).items()})
        stages.store(done, network, extra)
        self._report(done)
        return done

    def _remember(self, masks: Masks, parts: Parts | None) -> None:
        """Labels so far; `parts` are of one iteration or, from a file, of all up to it."""
        add = self.first is not None and self.stages.settings.accumulate
        self.parts = joined(self.parts, parts) if add else parts
        self.masks = masks
        if self.first is None:
            self.first = masks

    def _train(self, name: str, number: int, network: nn.Module, labelling: Labelling) -> Trained:
        stages, settings = self.stages, self.stages.settings
        watch = stages.held_out(network, stages.method)
        if not labelling.masks.any():
            facts = labelling.facts(number, NOTHING_LABELLED)
            return replace(trained(name, Progress(), watch()), facts=facts)
        before = {key: value.clone() for key, value in network.state_dict().items()}
        weight = 0.0 if settings.control == "no-anomalous-term" else settings.anomalous_weight
        loss = ContrastiveBatches(
            name, network, stages.method, stages.data.fit, self._labels(labelling), weight, stages.shop
        )
        stage = Stage(
            name,
            f"KIST iteration {number}",
            settings.iteration_steps,
            settings.iteration_rate,
            self.limit,
            images=settings.iteration_batch,
        )
        stopped = None
        progress = Progress()
        try:
            progress = run_stage(stage, network, loss, watch, stages.shop)
        except Collapse as collapse:
            stopped = str(collapse)
            network.load_state_dict(before)
        return replace(trained(name, progress, watch()), facts=labelling.facts(number, stopped))

    def _labels(self, labelling: Labelling) -> Labels:
        """Images with a label, on the device."""
        data, settings = self.stages.data, self.stages.settings
        index = np.flatnonzero(labelling.masks.any((1, 2)))

        def on_device(masks: Masks) -> Tensor:
            return torch.from_numpy(masks[index]).unsqueeze(1).to(self.stages.shop.device)

        anomalous = on_device(labelling.masks)
        background = surely_background(
            anomalous, on_device(labelling.suspicious), settings.background_distance
        )
        regions = Regions.of(labelling.masks[index], self.stages.shop.device)
        return Labels(data.anomalous.take(index.tolist()), anomalous, background, regions)

    def _report(self, done: Trained) -> None:
        listener, facts = self.stages.shop.listener, done.facts
        images = len(self.stages.data.anomalous)
        for firing in facts["rules"]:
            if firing["set_aside"]:
                reason = RuleFiring(**firing).reason(self.stages.settings.rule_check_ratio)
                listener(Note(f"iteration {facts['iteration']}: {reason}", warning=True))
        listener(
            Labelled(facts["iteration"], images, facts["labelled_images"], facts["regions"], facts["pixels"])
        )
        if facts["stopped"]:
            listener(
                Note(
                    f"self-training ends before iteration {facts['iteration']}: {facts['stopped']}; "
                    "the last good model is kept",
                    warning=True,
                )
            )


def guard_limit(stages: Stages, initial_loss: float) -> float:
    """Held-out loss at which an update counts as collapsed; inf where there is no guard."""
    settings = stages.settings
    if not isfinite(settings.guard):
        return inf
    floor = settings.guard_floor * constant_loss(stages.method, stages.data.held_out)
    return max(settings.guard * initial_loss, floor)


@torch.inference_mode()
def constant_loss(method: Method, stack: Stack) -> float:
    """Mean loss of images reconstructed as their own mean level."""
    losses = [
        method.loss(image, image.mean((2, 3), keepdim=True).expand_as(image))
        for image in (stack.inputs(slice(i, i + 1)) for i in range(len(stack)))
    ]
    return float(torch.cat(losses).mean())
