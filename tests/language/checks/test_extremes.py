"""Best and worst values of conditions: reached to the last bit, and exceeded nowhere."""

from __future__ import annotations

import pytest

from kistdsl.language import checked
from kistdsl.language.extremes import best, short_number, worst
from kistdsl.language.literals import FINITE, NotProvedError, form_of

from .generated import RANGES, SPAN, Generator, all_axes, truth


@pytest.mark.parametrize("block", range(10))
def test_best_and_worst_against_brute_force(block: int) -> None:
    for seed in range(block * 150, block * 150 + 150):
        generator = Generator(seed, columns=1 + seed % 2, hedges=seed % 3 == 0, curved=seed % 5 == 0)
        condition = generator.condition()
        axes = all_axes([condition], generator.columns)
        values = truth(condition, axes)
        form = form_of(condition, RANGES)
        found = best(form)
        assert values.max() <= found.value, seed
        assert worst(form) <= values.min(), seed
        reached = {name: extreme.witness for name, extreme in found.columns.items()}
        for column in generator.columns:
            reached.setdefault(column.name, 0.0)
        at = table_at(reached)
        assert truth(condition, at).item() >= found.value, seed
        # The worst value is the best of the negation.
        negated = best(form_of(checked.Not(condition, SPAN), RANGES))
        assert negated.value == 1.0 - worst(form), seed


def table_at(values: dict[str, float]):  # type: ignore[no-untyped-def]
    from .generated import table

    return table({name: [value] for name, value in values.items()})


def test_size_is_bounded() -> None:
    generator = Generator(1, columns=2, terms=40)
    operands = tuple(
        checked.Or((generator.proposition(), generator.proposition(), generator.proposition()), SPAN)
        for _ in range(12)
    )
    with pytest.raises(NotProvedError):
        best(form_of(checked.And(operands, SPAN), RANGES))


def test_deep_nesting_needs_no_recursion() -> None:
    condition: checked.Condition = Generator(2).proposition()
    for _ in range(50_001):
        condition = checked.Not(condition, SPAN)
    assert 0.0 <= best(form_of(condition, RANGES)).value <= 1.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.24, 0.36, 0.3), (0.0, 1.0, 0.5), (4.0, FINITE, 5.0), (-FINITE, -4.0, -5.0), (-FINITE, FINITE, 0.0)],
)
def test_short_number(low: float, high: float, expected: float) -> None:
    assert short_number(low, high) == expected
