"""Scale factors that fit a line's normal images: what to propose, why, and the rule file with it written in."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, inf, isfinite, log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.normal_regions import COLOUR, NormalRegions
from kistdsl.diagnostics import Source
from kistdsl.engine.rule_parts import single_rules
from kistdsl.engine.rule_set import RuleSet
from kistdsl.language import ast, checked
from kistdsl.language.check import Checked
from kistdsl.language.parser import parse

HIGH_AT = 0.8
"""Where `high at V` puts V on the standard scale."""

NEAR = 0.1
"""A proposal within this share of the present gamma is not worth a change."""

_SMALLEST = 5e-324

_WORDS = {"high": "from", "low": "up to", "mid": "around"}


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
    beyond the place where `high` (or `low`) holds fully; a term in the middle is put over the median. A term that
    holds more often stays as it is where none of its rules fires on more than `tail` of the regions: there it
    is a gate, and another term of the rule is the rare one.

    Args:
        program: the rules.
        normal: regions of normal images; a property that was not measured is described as such.
        tail: share of regions, in (0, 0.5).
    """
    firing = firings(program, normal)
    found = []
    for column in program.columns:
        if column.name not in normal.columns:
            missing = "read off a model's residual: give --residuals DIR"
            found.append(Suggestion(column, None, False, (missing,)))
            continue
        uses = list(_uses(program, column.name))
        # A rule that could not be graded may fire anywhere.
        most = max((firing.get(use.rule, 1.0) for use in uses), default=0.0)
        found.append(_suggestion(column, uses, normal.columns[column.name], tail, most))
    return tuple(found)


def firings(program: checked.Program, normal: NormalRegions) -> dict[str, float]:
    """Share of the normal regions on which each rule fires, for the rules whose properties were all measured."""
    shares = {}
    for name, rule in single_rules(RuleSet(program)).items():
        if all(column.name in normal.columns for column in rule.program.columns):
            shares[name] = float(np.mean(rule.grade(normal.columns) >= program.alpha))
    return shares


def with_gammas(program: checked.Program, suggestions: Sequence[Suggestion]) -> checked.Program:
    """The program with what is proposed."""
    gammas = {s.column.name: s.gamma for s in suggestions if s.gamma is not None}
    columns = tuple(
        replace(column, gamma=gammas.get(column.name, column.gamma)) for column in program.columns
    )
    rules = tuple(replace(rule, condition=_scaled(rule.condition, gammas)) for rule in program.rules)
    return replace(program, columns=columns, rules=rules)


def _scaled(condition: checked.Condition, gammas: Mapping[str, float]) -> checked.Condition:
    match condition:
        case checked.Proposition():
            shared = condition.term.column is None
            return (
                replace(condition, divisor=gammas.get(condition.column, condition.divisor))
                if shared
                else condition
            )
        case checked.Not():
            return replace(condition, operand=_scaled(condition.operand, gammas))
        case _:
            return replace(condition, operands=tuple(_scaled(part, gammas) for part in condition.operands))


def _suggestion(
    column: checked.Column, uses: Sequence[_Use], values: NDArray[np.float64], tail: float, most: float
) -> Suggestion:
    if not values.any():
        advice = (
            "the images have no colour" if column.name in COLOUR else f"give {column.name} a term of its own"
        )
        return Suggestion(column, None, False, (f"0 on every normal region, so no scale fits; {advice}",))
    own = [_own_term(use.proposition, values) for use in uses if use.proposition.term.column is not None]
    anchors = [_anchor(use) for use in uses if use.proposition.term.column is None]
    known = [anchor for side in ("high", "low", "mid") for anchor in anchors if anchor.side == side]
    if not known:
        return Suggestion(column, None, False, (_distribution(values, tail), *dict.fromkeys(own)))
    anchor = known[0]
    share = _share(anchor, column.gamma, values)
    if share > tail and most <= tail:
        gamma = None
        reasons: tuple[str, ...] = (
            f"`{anchor.words}` holds fully {_where(anchor, column.gamma)}, for {percent(share)} of the normal regions; "
            f"it stays, since no rule that reads it fires on more than {percent(most)} of them",
        )
    else:
        gamma, reasons = _fit(column, anchor, values, tail)
    others = [_consequence(other, gamma or column.gamma, values) for other in known if other != anchor]
    if gamma is None:
        others = [sentence.replace(" then ", " ", 1) for sentence in others]
    return Suggestion(
        column, gamma, anchor.side == "high", (*reasons, *dict.fromkeys(others), *dict.fromkeys(own))
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """A proposition of a rule, and whether it counts the other way round (`is NOT`, or below a NOT)."""

    rule: str
    proposition: checked.Proposition
    negated: bool


def _uses(program: checked.Program, name: str) -> Iterator[_Use]:
    for rule in program.rules:
        yield from (use for use in _walk(rule.name, rule.condition, False) if use.proposition.column == name)


def _walk(rule: str, condition: checked.Condition, negated: bool) -> Iterator[_Use]:
    match condition:
        case checked.Proposition():
            yield _Use(rule, condition, condition.negated != negated)
        case checked.Not():
            yield from _walk(rule, condition.operand, not negated)
        case _:
            for operand in condition.operands:
                yield from _walk(rule, operand, negated)


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
        return None, (f"{place}, as it does now, to a tenth",)
    return gamma, (place, _consequence(anchor, column.gamma, values).replace("then", "now", 1))


def _share(anchor: Anchor, gamma: float, values: NDArray[np.float64]) -> float:
    """Share of the regions for which the anchor's proposition holds fully."""
    at = anchor.at * gamma
    inside = {"high": values >= at, "low": values <= at, "mid": np.abs(values - at) <= 0.1 * gamma}
    return float(inside[anchor.side].mean())


def _where(anchor: Anchor, gamma: float) -> str:
    return f"{_WORDS[anchor.side]} {anchor.at * gamma:.3g}"


def _consequence(anchor: Anchor, gamma: float, values: NDArray[np.float64]) -> str:
    share = percent(_share(anchor, gamma, values))
    return f"`{anchor.words}` then holds fully {_where(anchor, gamma)}, for {share} of the normal regions"


def percent(share: float) -> str:
    """Two digits, as in `8.2 %`."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _own_term(proposition: checked.Proposition, values: NDArray[np.float64]) -> str:
    function = proposition.term.function
    fully = np.zeros(len(values), np.bool_)
    for low, high in function.cut(function.supremum()):
        fully |= (values >= low) & (values <= high)
    return f"its own term `{proposition.term.name}` holds fully for {percent(float(fully.mean()))} of the normal regions"


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


@dataclass(frozen=True, slots=True)
class Change:
    """A rule file with what is proposed written in."""

    path: str
    before: str
    after: str


def changes(result: Checked, suggestions: Sequence[Suggestion]) -> tuple[Change, ...]:
    """The files in which something changes, the main one first.

    A gamma goes into the `property` statement that holds (in an included file where it stands there), or into a
    new one of the main file, before the first statement that is neither `product` nor `include`.
    """
    trees = [result.tree, *(parse(source).tree for source in result.sources[1:])]
    edits: dict[int, list[tuple[int, int, str]]] = {}
    added: list[str] = []
    for suggestion in suggestions:
        if suggestion.gamma is None:
            continue
        scale = _scale(suggestion.column, suggestion.gamma, high=suggestion.high)
        place = _statement(trees, suggestion.column.name)
        if place is None:
            added.append(f"property {suggestion.column.name} {scale}")
        else:
            number, statement = place
            text = trees[number].span.source.text
            edits.setdefault(number, []).append(_edit(text, statement, scale))
    main = result.tree.span.source.text
    if added:
        at, end = _insertion(result.tree, main), "\r\n" if "\r\n" in main else "\n"
        edits.setdefault(0, []).append((at, at, "".join(line + end for line in added)))
    return tuple(_changed(trees[number].span.source, edits[number]) for number in sorted(edits))


def _statement(trees: Sequence[ast.File], name: str) -> tuple[int, ast.Property] | None:
    """The `property` statement of a name, and the number of its file."""
    found = [
        (number, statement)
        for number, tree in enumerate(trees)
        for statement in tree.statements
        if isinstance(statement, ast.Property) and statement.name.text == name
    ]
    own = [place for place in found if place[0] == 0]
    return (own or found)[-1] if found else None


def _changed(source: Source, edits: list[tuple[int, int, str]]) -> Change:
    text = source.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return Change(source.name, source.text, text)


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


def difference(change: Change) -> str:
    """A unified diff that `patch -p1` and `git apply` read in `folder_of`; empty without changes."""
    inside = Path(change.path).resolve()
    name = inside.relative_to(folder_of(change)).as_posix()
    name += "\t" if " " in name else ""  # else the name ends there
    lines = difflib.unified_diff(_lines(change.before), _lines(change.after), f"a/{name}", f"b/{name}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def folder_of(change: Change) -> Path:
    """Where the names in its diff begin: the working folder, or the root for a file that lies elsewhere."""
    inside = Path(change.path).resolve()
    return Path.cwd() if inside.is_relative_to(Path.cwd()) else Path(inside.anchor)


def how_to_apply(found: Sequence[Change]) -> str:
    """A comment: what writes the changes, from any folder."""
    folders = sorted({folder_of(change) for change in found})
    if len(folders) > 1:  # some in the working folder, some elsewhere: no single patch takes both
        return "# to write this into the rule files: the same command with --write"
    return (
        "# to write this into the rule file: the same command with --write, or pipe all of this into: "
        f"patch -p1 -d {shlex.quote(str(folders[0]))}"
    )


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one, as for `patch`."""
    return [line for line in re.split(r"(?<=\n)", text) if line]
