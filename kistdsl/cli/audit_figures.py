"""The figures of `audit`: how often each rule and proposition decides, and how well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.audit_images import Mask, Seen, Source
from kistdsl.data.layouts import GOOD
from kistdsl.engine.pseudo_labels import PseudoLabeller
from kistdsl.engine.rule_parts import RuleParts, single_rules
from kistdsl.engine.rule_set import RuleSet
from kistdsl.language import checked

SAMPLE = 400
"""Regions of each image that the distributions are drawn from."""

SHOWN = 6
"""Pictures of each rule on normal, and on anomalous images."""

ALL_RULES = "all rules"


@dataclass(slots=True)
class Firing:
    """How often a rule fires, on images of one kind.

    Attributes:
        images: with a pixel labelled.
        regions: that reach alpha by it, wherever they lie.
        pixels: labelled.
        dropped: pixels of such regions that do not count: usual at their place, in a run's eyes.
    """

    images: int = 0
    regions: int = 0
    pixels: int = 0
    dropped: int = 0


@dataclass(slots=True)
class Overlap:
    """Pixels labelled, pixels of the ground truth, and both, over images with a mask of one defect type."""

    images: int = 0
    labelled: int = 0
    truth: int = 0
    both: int = 0

    @property
    def precision(self) -> float | None:
        return self.both / self.labelled if self.labelled else None

    @property
    def recall(self) -> float | None:
        return self.both / self.truth if self.truth else None


@dataclass(slots=True)
class PropositionFigures:
    """One proposition over all regions.

    Attributes:
        text: as written, with the NOT that it stands under.
        true: regions for which it is enough for the rule to reach alpha, as far as it goes.
        lets: regions that fire and would not without it, (normal, anomalous).
        stops: regions that it alone keeps from firing, (normal, anomalous).
        values: smallest and largest value of the property that was met.
    """

    text: str
    column: str
    true: int = 0
    lets: list[int] = field(default_factory=lambda: [0, 0])
    stops: list[int] = field(default_factory=lambda: [0, 0])
    values: tuple[float, float] = (np.inf, -np.inf)


@dataclass(slots=True)
class Picture:
    """A picture of what a rule labels."""

    seen: Seen
    mask: Mask

    @property
    def area(self) -> int:
        return int(self.mask.sum())


@dataclass(slots=True)
class RuleFigures:
    """One rule, or all of them together.

    Attributes:
        normal, anomalous: how often it fires.
        by_type: overlap with the ground truth by defect type, where there is one.
        shown: pictures with the largest labels, normal and anomalous.
    """

    name: str
    normal: Firing = field(default_factory=Firing)
    anomalous: Firing = field(default_factory=Firing)
    by_type: dict[str, Overlap] = field(default_factory=dict)
    propositions: list[PropositionFigures] = field(default_factory=list)
    shown: dict[bool, list[Picture]] = field(default_factory=lambda: {False: [], True: []})

    def on(self, anomalous: bool) -> Firing:
        """How often it fires on images of one kind."""
        return self.anomalous if anomalous else self.normal


class Audit:
    """Collects the figures image by image; `missed` are anomalous images on which no rule labels anything.

    Args:
        rules: the rules.
        source: where regions come from, alpha, and what does not count.
    """

    def __init__(self, rules: RuleSet, source: Source) -> None:
        maps, min_area, alpha = source.maps, source.min_area, source.alpha
        singles = single_rules(rules, alpha)
        program = rules.program if alpha is None else replace(rules.program, alpha=alpha)
        self._kept = source.kept
        self.rules, self.alpha = rules, program.alpha
        self.images = {False: 0, True: 0}
        self.pixels = {False: 0, True: 0}
        self.regions = {False: 0, True: 0}
        self.samples: dict[bool, list[dict[str, NDArray[Any]]]] = {False: [], True: []}
        self.everything = RuleFigures(ALL_RULES)
        self.missed: list[Picture] = []
        self.figures = {rule.name: RuleFigures(rule.name) for rule in program.rules}
        self._labellers = {
            name: PseudoLabeller(rule, maps, min_area=min_area) for name, rule in singles.items()
        }
        self._table = PseudoLabeller(rules, maps, min_area=min_area)
        self._parts = [RuleParts(program, rule) for rule in program.rules]
        for parts in self._parts:
            self.figures[parts.rule.name].propositions = [
                PropositionFigures(f"{'NOT ' if turned else ''}{text_of(p)}", p.column)
                for p, turned in zip(parts.propositions, parts.under_not, strict=True)
            ]

    def add(self, image: Seen) -> None:
        """Look at one more image."""
        anomalous = image.item.defect != GOOD
        rows = self._table.regions(image.picture, self.rules.properties)
        n = len(rows["grade"])
        self.images[anomalous] += 1
        self.pixels[anomalous] += image.picture.codes.size
        self.regions[anomalous] += n
        self._sample(rows, anomalous)
        together = np.zeros(image.picture.shape, np.bool_)
        fired_by_any = np.zeros(n, np.bool_)
        for parts in self._parts:
            figures = self.figures[parts.rule.name]
            fired = self._count_propositions(parts, figures, rows, anomalous)
            found = self._labellers[parts.rule.name].mask(image.picture)
            mask = self._kept(parts.rule.name, found)
            _count(figures, image, mask, int(fired.sum()), anomalous)
            figures.on(anomalous).dropped += int(found.sum()) - int(mask.sum())
            together |= mask
            fired_by_any |= fired
        _count(self.everything, image, together, int(fired_by_any.sum()), anomalous)
        if anomalous and not together.any():
            _show(self.missed, Picture(image, together))

    def _sample(self, rows: dict[str, NDArray[Any]], anomalous: bool) -> None:
        n = len(rows["grade"])
        every = max(1, -(-n // SAMPLE))
        kept = {name: np.asarray(rows[name][::every], np.float64) for name in self.rules.properties}
        self.samples[anomalous].append(kept)

    def _count_propositions(
        self, parts: RuleParts, figures: RuleFigures, rows: dict[str, NDArray[Any]], anomalous: bool
    ) -> NDArray[np.bool_]:
        """Add one image's regions; which of them the rule fires for."""
        truths = parts.memberships(rows)
        enough = self.alpha / parts.rule.truth_value
        for own, truth, turned, (lets, stops) in zip(
            figures.propositions, truths, parts.under_not, parts.decisive(truths), strict=True
        ):
            own.true += int(((1.0 - truth if turned else truth) >= enough).sum())
            own.lets[anomalous] += int(lets.sum())
            own.stops[anomalous] += int(stops.sum())
            values = rows[own.column]
            if values.size:
                low, high = own.values
                own.values = min(low, float(values.min())), max(high, float(values.max()))
        return parts.fires(truths)

    def values(self, name: str, anomalous: bool) -> NDArray[np.float64]:
        """Sampled values of a property over regions of normal or of anomalous images."""
        parts = [sample[name] for sample in self.samples[anomalous]]
        return np.concatenate(parts) if parts else np.empty(0)


def _count(figures: RuleFigures, image: Seen, mask: Mask, regions: int, anomalous: bool) -> None:
    """Add one image to a rule's figures."""
    firing = figures.on(anomalous)
    area = int(mask.sum())
    firing.images += area > 0
    firing.regions += regions
    firing.pixels += area
    if image.truth is not None:
        overlap = figures.by_type.setdefault(image.item.defect, Overlap())
        overlap.images += 1
        overlap.labelled += area
        overlap.truth += int(image.truth.sum())
        overlap.both += int((mask & image.truth).sum())
    if area:
        _show(figures.shown[anomalous], Picture(image, mask))


def _show(shown: list[Picture], picture: Picture) -> None:
    """Keep the pictures with the largest labels or, without a label, the largest masks."""
    shown.append(picture)
    shown.sort(key=lambda p: (-p.area, 0 if p.seen.truth is None else -int(p.seen.truth.sum())))
    del shown[SHOWN:]


def text_of(proposition: checked.Proposition) -> str:
    """A proposition as written."""
    words = [*(("NOT",) if proposition.negated else ()), *proposition.hedges, proposition.term.name]
    return f"{proposition.column} is {' '.join(words)}"


def remarks(audit: Audit) -> Iterator[str]:
    """What an expert should look at, in sentences."""
    total = sum(audit.regions.values())
    if not total:
        yield "No region lies above the thresholds: are mu and sigma those of these residuals?"
        return
    for figures in audit.figures.values():
        fired = figures.normal.regions + figures.anomalous.regions
        if not fired:
            yield f"{figures.name}: never fires; see which proposition stops it."
        if audit.pixels[True] and fired:
            yield from _on_normal(audit, figures)
        for own in figures.propositions:
            low, high = own.values
            if own.true in (0, total):
                word = "never" if own.true == 0 else "always"
                yield (
                    f"{figures.name}: `{own.text}` is {word} true enough; {own.column} runs from "
                    f"{low:.4g} to {high:.4g}. Is its scale (gamma) right?"
                )


def _on_normal(audit: Audit, figures: RuleFigures) -> Iterator[str]:
    """A sentence on a rule that labels normal images too much: over half as much as anomalous ones."""
    normal, anomalous, dropped = (
        100 * pixels / max(audit.pixels[kind], 1)
        for pixels, kind in (
            (figures.normal.pixels, False),
            (figures.anomalous.pixels, True),
            (figures.normal.dropped, False),
        )
    )
    more = (
        f" ({dropped:.2f} % more, where it fires on many normal images, does not count, as in training)"
        if dropped
        else ""
    )
    said = f"{figures.name}: labels {normal:.2f} % of the pixels of normal images{more}"
    if normal >= anomalous:
        yield f"{said} and {anomalous:.2f} % of anomalous ones: it does not tell them apart."
    elif normal > anomalous / 2:
        yield f"{said}, over half of its share on anomalous ones, {anomalous:.2f} %."
