"""Scale factors that fit a line's normal images: what to propose, why, and the rule file with it written in."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, inf, isfinite, log10

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.normal_regions import NormalRegions
from kistdsl.language import ast, checked
from kistdsl.language.check import Checked

HIGH_AT = 0.8
"""Where `high at V` puts V on the standard scale."""

NEAR = 0.1
"""A proposal within this share of the present gamma is not worth a change."""

_SMALLEST = 5e-324


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a shared term asks of the standard scale: from, up to, or around `at` it holds fully."""

    words: str
    side: str  # "high", "low" or "mid"
    at: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One property that rules use.

    Attributes:
        column: with its present gamma.
        gamma: the proposed one, or None where the present one stays.
        reasons: sentences for the expert.
    """

    column: checked.Column
    gamma: float | None
    high: bool
    reasons: tuple[str, ...]


def suggest(program: checked.Program, normal: NormalRegions, tail: float) -> tuple[Suggestion, ...]:
    """A proposal for each property that rules read.

    A term that marks a defect should be rare on normal images. So the share `tail` of normal regions is left
    beyond the place where `high` (or `low`) holds fully; a term in the middle is put over the median.

    Args:
        program: the rules.
        normal: regions of normal images.
        tail: share of regions, in (0, 0.5).
    """
    return tuple(
        _suggestion(program, column, normal.columns[column.name], tail) for column in program.columns
    )


def _suggestion(
    program: checked.Program, column: checked.Column, values: NDArray[np.float64], tail: float
) -> Suggestion:
    own, anchors = [], []
    for use in _uses(program, column.name):
        if use.proposition.term.column is None:
            anchors.append(_anchor(use))
        else:
            own.append(_own_term(use.proposition, values))
    known = [anchor for side in ("high", "low", "mid") for anchor in anchors if anchor.side == side]
    if not known:
        return Suggestion(column, None, False, (_distribution(values, tail), *dict.fromkeys(own)))
    anchor = known[0]
    gamma, reasons = _fit(column, anchor, values, tail)
    others = [_consequence(other, gamma or column.gamma, values) for other in known if other != anchor]
    return Suggestion(
        column, gamma, anchor.side == "high", (*reasons, *dict.fromkeys(others), *dict.fromkeys(own))
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """A proposition, and whether it counts the other way round (`is NOT`, or below a NOT)."""

    proposition: checked.Proposition
    negated: bool


def _uses(program: checked.Program, name: str) -> Iterator[_Use]:
    for rule in program.rules:
        yield from (use for use in _walk(rule.condition, False) if use.proposition.column == name)


def _walk(condition: checked.Condition, negated: bool) -> Iterator[_Use]:
    match condition:
        case checked.Proposition():
            yield _Use(condition, condition.negated != negated)
        case checked.Not():
            yield from _walk(condition.operand, not negated)
        case _:
            for operand in condition.operands:
                yield from _walk(operand, negated)


def _anchor(use: _Use) -> Anchor:
    """Where the proposition holds fully, on the standard scale."""
    function = use.proposition.term.function
    words = ("NOT " if use.negated else "") + use.proposition.term.name
    pieces = function.cut(_SMALLEST if use.negated else function.supremum())
    low, high = pieces[0][0], pieces[-1][1]
    if low == -inf or high == inf:
        rises = (high == inf) != use.negated
        return Anchor(words, "high" if rises else "low", low if high == inf else high)
    return Anchor(words, "mid", (low + high) / 2)


def _fit(
    column: checked.Column, anchor: Anchor, values: NDArray[np.float64], tail: float
) -> tuple[float | None, tuple[str, ...]]:
    """The gamma that puts the anchor over its quantile, and why; None where there is none or none is needed."""
    share = {"high": 1 - tail, "low": tail, "mid": 0.5}[anchor.side]
    target = float(np.quantile(values, share))
    gamma = target / anchor.at if anchor.at else inf
    if not (isfinite(gamma) and gamma > 0):
        return None, (
            _distribution(values, tail),
            f"no scale puts `{anchor.words}` at {shown(column, target)}; give {column.name} a term of its own",
        )
    place = {
        "high": f"{100 * share:g} % of the normal regions lie below {shown(column, target)}: `{anchor.words}` should begin to hold fully there",
        "low": f"{100 * share:g} % of the normal regions lie below {shown(column, target)}: `{anchor.words}` should hold fully up to there",
        "mid": f"the median of the normal regions is {shown(column, target)}: `{anchor.words}` should lie around it",
    }[anchor.side]
    if abs(gamma - column.gamma) <= NEAR * column.gamma:
        return None, (place, "which the present scale does, to a tenth")
    return gamma, (place, _consequence(anchor, column.gamma, values).replace("then", "now", 1))


def _consequence(anchor: Anchor, gamma: float, values: NDArray[np.float64]) -> str:
    at = anchor.at * gamma
    inside = {"high": values >= at, "low": values <= at, "mid": np.abs(values - at) <= 0.1 * gamma}[
        anchor.side
    ]
    where = {"high": "from", "low": "up to", "mid": "around"}[anchor.side]
    return f"`{anchor.words}` then holds fully {where} {at:.3g}, for {100 * inside.mean():.2g} % of the normal regions"


def _own_term(proposition: checked.Proposition, values: NDArray[np.float64]) -> str:
    function = proposition.term.function
    fully = np.zeros(len(values), np.bool_)
    for low, high in function.cut(function.supremum()):
        fully |= (values >= low) & (values <= high)
    return f"its own term `{proposition.term.name}` holds fully for {100 * fully.mean():.2g} % of the normal regions"


def _distribution(values: NDArray[np.float64], tail: float) -> str:
    low, middle, high = np.quantile(values, [tail, 0.5, 1 - tail])
    return f"normal regions: {low:.3g} .. {middle:.3g} .. {high:.3g} ({100 * tail:g} %, median, {100 * (1 - tail):g} %)"


def shown(column: checked.Column, value: float) -> str:
    """A value in the property's unit, as it is written in rules: two digits, small fractions as percent."""
    if column.spec.unit == "fraction" and abs(value) < HIGH_AT / 2:
        return f"{_two_digits(100 * value)}%"
    return _two_digits(value)


def _two_digits(value: float) -> str:
    digits = 1 - floor(log10(abs(value))) if value else 0
    return f"{round(value, digits):.{max(digits, 0)}f}"


# ---- the rule file


def rewritten(text: str, result: Checked, suggestions: Sequence[Suggestion]) -> str:
    """The rule file with each proposed gamma: in its `property` statement, or in a new one before the first
    statement that is neither `product` nor `include`."""
    statements = {s.name.text: s for s in result.tree.statements if isinstance(s, ast.Property)}
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    for suggestion in suggestions:
        statement = statements.get(suggestion.column.name)
        if suggestion.gamma is None:
            continue
        scale = _scale(suggestion.column, suggestion.gamma, high=suggestion.high)
        if statement is None:
            added.append(f"property {suggestion.column.name} {scale}\n")
        else:
            edits.append(_edit(text, statement, scale))
    if added:
        at = _insertion(result.tree, text)
        edits.append((at, at, "".join(added)))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _scale(column: checked.Column, gamma: float, *, high: bool) -> str:
    return f"high at {shown(column, HIGH_AT * gamma)}" if high else f"scale {_two_digits(gamma)}"


def _edit(text: str, statement: ast.Property, scale: str) -> tuple[int, int, str]:
    """(start, end, new text) that puts `scale` into a statement and leaves columns and comments in their places."""
    old = statement.scale or statement.high_at
    name_end = statement.name.span.end
    if old is None:
        return name_end, name_end, f" {scale}"
    start = name_end + len(text[name_end:]) - len(text[name_end:].lstrip())
    end = old.span.end
    behind = text[end:].split("\n", 1)[0]
    spare = len(behind) - len(behind.lstrip()) - 1 if behind.lstrip().startswith("#") else 0
    longer = len(scale) - (end - start)
    if longer < 0 and behind.lstrip().startswith("#"):
        return start, end, scale + " " * -longer
    return start, end + max(min(longer, spare), 0), scale


def _insertion(tree: ast.File, text: str) -> int:
    """Offset of the line of the first statement that is neither `product` nor `include`."""
    body = [s for s in tree.statements if not isinstance(s, ast.Product | ast.Include)]
    first = next((s for s in body if isinstance(s, ast.Property)), body[0])
    return text.rfind("\n", 0, first.span.start) + 1


def difference(path: str, before: str, after: str) -> str:
    """A unified diff that `patch` reads; empty without changes."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
