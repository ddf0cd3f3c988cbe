"""What a step sees, augmentation, and pasting."""

from __future__ import annotations

import pytest
import torch

from kistdsl.kist.augment import apply_symmetries, draw_symmetries
from kistdsl.kist.batches import batch_indices, steps_for, surely_background
from kistdsl.kist.paste import Moves, Regions, paste
from kistdsl.kist.seed import torch_generator


def test_every_pass_sees_every_image_once() -> None:
    seen = torch.cat([batch_indices(7, 3, step, 0, "x") for step in range(7)])
    assert all(sorted(seen[i : i + 7].tolist()) == list(range(7)) for i in (0, 7, 14))


def test_a_batch_may_be_larger_than_the_stack() -> None:
    first, second = (batch_indices(2, 5, step, 0, "x").tolist() for step in (0, 1))
    assert [len(first), len(second)] == [5, 5]
    together = first + second
    assert all(sorted(together[i : i + 2]) == [0, 1] for i in range(0, 10, 2))


def test_steps_round_up() -> None:
    assert (steps_for(2, 10, 4), steps_for(1, 8, 4)) == (5, 2)


def test_symmetries_are_the_eight_of_the_square() -> None:
    image = torch.arange(9.0).view(1, 1, 3, 3)
    coins = torch.tensor([[i & 1, i & 2, i & 4] for i in range(8)]).bool()
    found = apply_symmetries(image.expand(8, 1, 3, 3), coins)
    assert len({tuple(f.flatten().tolist()) for f in found}) == 8
    assert torch.equal(found[4, 0], image[0, 0].T)
    assert torch.equal(found[1, 0], image[0, 0].flip(1))


def test_kinds_of_augmentation() -> None:
    draw = torch_generator(0)
    assert not draw_symmetries("none", 50, draw).any()
    assert not draw_symmetries("flips", 50, draw)[:, 2].any()
    assert draw_symmetries("dihedral", 50, draw).any(0).all()


def test_background_keeps_its_distance() -> None:
    labels = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    labels[..., 8, 8] = True
    sure = surely_background(labels, torch.zeros_like(labels), 4)
    assert int((~sure).sum()) == 81
    assert not sure[0, 0, 4, 4]
    assert sure[0, 0, 3, 8]
    assert torch.equal(surely_background(torch.zeros_like(labels), labels, 4), sure)


def test_a_pasted_region_is_where_its_label_says() -> None:
    labels = torch.zeros(2, 32, 32, dtype=torch.bool)
    labels[1, 10:18, 12:18] = True
    regions = Regions.of(labels.numpy(), torch.device("cpu"))
    assert regions.owner.tolist() == [1]
    moves = Moves.draw(regions, 6, turn=180.0, size=0.4, fade=0.0, generator=torch_generator(0))
    hosts, donors = torch.full((6, 1, 32, 32), 0.5), torch.full((6, 1, 32, 32), 0.5)
    donors[:, :, 8:20, 10:20] = 0.9
    laid, where = paste(hosts, donors, regions, moves)
    assert where.any((1, 2, 3)).sum() >= 5
    assert float((laid - 0.5)[where].min()) > 0.1
    assert float((laid - 0.5)[~where].abs().max()) < float((laid - 0.5)[where].max())
    far = ~where & (laid - 0.5 != 0)
    assert int(far.sum()) < 6 * 150
    assert sum(where.sum((1, 2, 3)).tolist()) / 6 == pytest.approx(10 * 12, rel=0.6)


@pytest.mark.parametrize(("strength", "expected"), [(1.0, 0.4), (0.5, 0.3), (2.0, 0.6)])
def test_a_pasted_region_keeps_its_contrast(strength: float, expected: float) -> None:
    """Twice as bright as around it on a dark image is twice as bright on a brighter one; strength scales that."""
    labels = torch.zeros(1, 32, 32, dtype=torch.bool)
    labels[0, 12:20, 12:20] = True
    regions = Regions.of(labels.numpy(), torch.device("cpu"))
    unmoved = Moves(
        torch.zeros(1, dtype=torch.long),
        torch.eye(2).view(1, 2, 2),
        regions.centre.clone(),
        torch.tensor([strength]),
    )
    donors, hosts = torch.full((1, 1, 32, 32), 0.1), torch.full((1, 1, 32, 32), 0.2)
    donors[:, :, 10:22, 10:22] = 0.2
    laid, where = paste(hosts, donors, regions, unmoved)
    assert float(laid[0, 0, 16, 16]) == pytest.approx(expected, abs=1e-5)
    assert where[0, 0, 16, 16]
    assert float(laid[0, 0, 2, 2]) == pytest.approx(0.2)
