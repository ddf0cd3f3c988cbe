"""Which images a step sees, and its loss: eq. 8 for normal images, eq. 13 with pseudo-labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kistdsl.kist.augment import apply_symmetries, draw_symmetries
from kistdsl.kist.config import Settings
from kistdsl.kist.losses import Term, anomalous_term, contrastive_reconstruction, masked_term
from kistdsl.kist.methods import Method
from kistdsl.kist.paste import Moves, Regions, near, paste
from kistdsl.kist.seed import torch_generator
from kistdsl.kist.stacks import Stack
from kistdsl.kist.training import Workshop


def batch_indices(count: int, batch: int, step: int, seed: int, name: str) -> Tensor:
    """Images of batch number `step` out of an endless stream of shuffled passes over `count` images.

    >>> sorted(torch.cat([batch_indices(6, 3, s, 0, "x") for s in (0, 1)]).tolist())
    [0, 1, 2, 3, 4, 5]
    """
    begin, end = step * batch, (step + 1) * batch
    passes = [
        torch.randperm(count, generator=torch_generator(seed, name, "order", number))
        for number in range(begin // count, -(-end // count))
    ]
    offset = begin // count * count
    return torch.cat(passes)[begin - offset : end - offset]


@dataclass(frozen=True, slots=True, eq=False)
class NormalBatches:
    """Eq. 8 on batches of normal images."""

    name: str
    network: nn.Module
    method: Method
    stack: Stack
    batch: int
    shop: Workshop

    def __call__(self, step: int) -> Tensor:
        """This process's part of the mean loss of batch `step`."""
        settings, world = self.shop.settings, self.shop.world
        index = batch_indices(len(self.stack), self.batch, step, settings.seed, self.name)
        draw = torch_generator(settings.seed, self.name, "draw", step)
        symmetries = draw_symmetries(settings.augment, self.batch, draw)
        images = self.stack.inputs(world.part(index).to(self.shop.device))
        images = apply_symmetries(images, world.part(symmetries))
        with self.shop.autocast():
            output, penalty = self.method.reconstruct(self.network, images, draw)
        loss = self.method.loss(images, output) + penalty
        return loss.sum() / self.batch


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Pseudo-labelled images and what is known of their pixels.

    Attributes:
        stack: images with at least one labelled pixel.
        anomalous: (N, 1, S, S) bool, the pseudo-labels.
        background: (N, 1, S, S) bool, surely unlabelled.
        regions: of the labels, for pasting.
    """

    stack: Stack
    anomalous: Tensor
    background: Tensor
    regions: Regions


def surely_background(labels: Tensor, suspicious: Tensor, distance: int) -> Tensor:
    """Pixels farther than `distance` (square window) from any label and any suspicious pixel.

    Args:
        labels, suspicious: (N, 1, S, S) bool.
        distance: pixels; 4 gives the 9x9 dilation.
    """
    return ~near(labels | suspicious, distance)


@dataclass(frozen=True, slots=True, eq=False)
class ContrastiveBatches:
    """Eq. 13 on batches of normal and pseudo-labelled images, with the departures of the settings."""

    name: str
    network: nn.Module
    method: Method
    normal: Stack
    labels: Labels
    weight: float
    shop: Workshop

    def __call__(self, step: int) -> Tensor:
        """This process's part of the loss of batch `step`."""
        settings = self.shop.settings
        count = settings.anomalous_batch
        others = settings.iteration_batch - count
        draw = torch_generator(settings.seed, self.name, "draw", step)
        normal = self._normal(step, others, draw)
        anomalous, labels, background = self._anomalous(step, count, draw)
        images = torch.cat([normal, anomalous])
        with self.shop.autocast():
            output, penalty = self.method.reconstruct(self.network, images, draw)
        split = len(normal)
        of_normal = (self.method.loss(normal, output[:split]) + penalty[:split]).sum()
        error = self.method.error(anomalous, output[split:])
        share = self.shop.world.shared
        return contrastive_reconstruction(
            Term(of_normal, torch.tensor(float(others), device=self.shop.device)),
            share(self._anomalous_term(error, labels)),
            share(masked_term(error, background)),
            weight=self.weight,
            background_weight=settings.background_weight,
        )

    def _anomalous_term(self, error: Tensor, labels: Tensor) -> Term:
        settings = self.shop.settings
        per_image = settings.anomalous_average == "images"
        form, bound = settings.anomalous_form, settings.anomalous_bound
        return anomalous_term(error, labels, bound=bound, per_image=per_image, form=form)

    def _normal(self, step: int, count: int, draw: torch.Generator) -> Tensor:
        """Normal images; with the chance `paste_decoys`, with a piece of another one laid onto them."""
        settings, world = self.shop.settings, self.shop.world
        index = batch_indices(len(self.normal), count, step, settings.seed, self.name + " normal")
        symmetries = draw_symmetries(settings.augment, count, draw)
        images = self.normal.inputs(world.part(index).to(self.shop.device))
        if settings.paste_decoys > 0 and len(self.labels.regions):
            donors = torch.randint(len(self.normal), (count,), generator=draw)
            images, _ = self._pasted(images, self.normal, donors, settings.paste_decoys, count, draw)
        return apply_symmetries(images, world.part(symmetries))

    def _anomalous(self, step: int, count: int, draw: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Pseudo-labelled images, or normal ones with a labelled region; labels; sure background."""
        settings, world = self.shop.settings, self.shop.world
        order = batch_indices(len(self.labels.stack), count, step, settings.seed, self.name + " anomalous")
        symmetries = world.part(draw_symmetries(settings.augment, count, draw))
        index = world.part(order).to(self.shop.device)
        images = self.labels.stack.inputs(index)
        labels, background = self.labels.anomalous[index], self.labels.background[index]
        if settings.paste > 0:
            hosts = world.part(torch.randint(len(self.normal), (count,), generator=draw))
            host = self.normal.inputs(hosts.to(self.shop.device))
            laid, region = self._pasted(host, self.labels.stack, None, 1.0, count, draw)
            chosen = world.part(torch.rand(count, generator=draw) < settings.paste)
            chosen = chosen.to(self.shop.device).view(-1, 1, 1, 1)
            images = torch.where(chosen, laid, images)
            labels = torch.where(chosen, region, labels)
            background = torch.where(chosen, ~near(region, SEAM), background)
        together = torch.cat([images, labels.float(), background.float()], 1)
        together = apply_symmetries(together, symmetries)
        images, masks = together[:, :-2], together[:, -2:] > 0.5
        return images, masks[:, :1], masks[:, 1:]

    def _pasted(
        self,
        hosts: Tensor,
        donors: Stack,
        of: Tensor | None,
        chance: float,
        count: int,
        draw: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Regions laid onto this process's `hosts` out of a batch of `count`, with some chance each.

        They come from the images `of` in `donors`; None: from the image that each region is of.
        """
        settings, world, regions = self.shop.settings, self.shop.world, self.labels.regions
        turn, size, fade = settings.paste_turn, settings.paste_size, settings.paste_fade
        moves = Moves.draw(regions, count, turn=turn, size=size, fade=fade, generator=draw)
        chosen = world.part(torch.rand(count, generator=draw) < chance)
        mine = moves.part(world.part)
        source = regions.owner[mine.region.to(self.shop.device)] if of is None else world.part(of)
        laid, region = paste(hosts, donors.inputs(source.to(self.shop.device)), regions, mine)
        keep = chosen.to(self.shop.device).view(-1, 1, 1, 1)
        return torch.where(keep, laid, hosts), region & keep


SEAM = 2
"""Pixels around a pasted region that are neither label nor background."""


def steps_for(epochs: int, images: int, batch: int) -> int:
    """Steps of `batch` images that make `epochs` passes over `images`, rounded up."""
    return -(-epochs * images // batch)


def iteration_name(number: int) -> str:
    """Name of the model update number `number` (from 1): of its files and its draws."""
    return f"kist-{number}"


def continued_steps(settings: Settings, iterations: int) -> int:
    """Steps that the baseline goes on for to have had as many as KIST."""
    return settings.iteration_steps * iterations
