"""Explanations in words."""

from __future__ import annotations

from kistdsl.engine.explain import Change, Explanation, Need, RuleExplanation, WhyNot
from kistdsl.engine.rule_set import RuleSet
from kistdsl.language.floatline import before, behind
from kistdsl.language.tests import digits
from kistdsl.language.wording import grade
from kistdsl.schema import ColumnSpec


def report(rules: RuleSet, e: Explanation) -> str:
    """The whole explanation, the rules from the highest grade down."""
    specs = _specs(rules)
    ordered = sorted(e.rules, key=lambda rule: -rule.grade)
    blocks = [_headline(e), *(_rule(rule, specs) for rule in ordered), _changes(e, specs)]
    _outside(e, specs, blocks)
    return "\n\n".join(block for block in blocks if block)


def _specs(rules: RuleSet) -> dict[str, ColumnSpec]:
    return {column.name: column.spec for column in rules.program.columns}


def _headline(e: Explanation) -> str:
    if e.rule is None:
        return "not anomalous: the file has no rules"
    sign = ">=" if e.anomalous else "<"
    verdict = f"anomalous, class {e.target}" if e.anomalous else "not anomalous"
    alpha = grade(e.alpha, e.grade)
    return f"{verdict}: grade {grade(e.grade, e.alpha)} {sign} alpha {alpha}, by rule {e.rule}"


def _outside(e: Explanation, specs: dict[str, ColumnSpec], blocks: list[str]) -> None:
    for name, value in e.values.items():
        spec = specs[name]
        if not spec.low <= value <= spec.high:
            hint = f"; did you mean {value:g}%?" if spec.unit == "fraction" and 1 < value <= 100 else ""
            blocks.append(
                f"note: {name} = {value:g} is outside its range, {spec.low:g} to {spec.high:g}{hint}"
            )


def _rule(rule: RuleExplanation, specs: dict[str, ColumnSpec]) -> str:
    state = "fires" if rule.fires else "does not fire"
    lines = [
        f"rule {rule.name} -> {rule.target}: {digits(rule.grade)} = tv {rule.tv:g} x truth {digits(rule.truth)}, "
        f"{state}{_cap(rule)}"
    ]
    if rule.text:
        lines.append(f'  "{rule.text}"')
    width = max(len(p.text) for p in rule.propositions)
    for i, p in enumerate(rule.propositions):
        mark = "  <- decides" if i == rule.weakest and len(rule.propositions) > 1 else ""
        value = f"{p.property} = {exact(specs[p.property], p.value)}"
        lines.append(f"    {p.text:<{width}}  {digits(p.membership):>6}  at {value}{mark}")
    return "\n".join(lines)


def _cap(rule: RuleExplanation) -> str:
    if rule.capped_by == "clause":
        return f", capped by `{rule.propositions[rule.weakest].text}`"
    return ", capped by its truth value" if rule.capped_by == "truth value" else ""


def _changes(e: Explanation, specs: dict[str, ColumnSpec]) -> str:
    if e.rule is None:
        return ""
    other = "not anomalous" if e.anomalous else "anomalous"
    lines = [f"what would make it {other}, the nearest change first:"]
    lines += [f"  {_change(change, specs, e.alpha)}" for change in e.changes]
    if e.unproved:
        lines.append(f"  not determined for {', '.join(e.unproved)} (norms other than zadeh)")
    if not e.changes and not e.unproved:
        return f"no single property can make it {other}"
    return "\n".join(lines)


def _change(change: Change, specs: dict[str, ColumnSpec], alpha: float) -> str:
    spec = specs[change.property]
    near = 0.0 < alpha - change.grade < 1e-6
    after = f"just below {digits(alpha)}" if near else digits(change.grade)
    return f"{_target(spec, change.value, change.to)} (now {exact(spec, change.value)}): grade {after}"


def _target(spec: ColumnSpec, value: float, to: float) -> str:
    """`gray above 51 gray levels`: where the other side begins, as short as that can be said."""
    up = to > value
    last = before(to) if up else behind(to)  # the last value on this side
    if len(exact(spec, last)) + 4 < len(exact(spec, to)):
        return f"{spec.name} {'above' if up else 'below'} {exact(spec, last)}{_unit(spec)}"
    side = "at or above" if up else "at or below"
    return f"{spec.name} {side} {exact(spec, _beyond(spec, value, to))}{_unit(spec)}"


def _unit(spec: ColumnSpec) -> str:
    return "" if spec.unit in ("fraction", "ratio", "index") else f" {spec.unit}"


def _beyond(spec: ColumnSpec, value: float, to: float) -> float:
    """The shortest number on the far side of `to`, as seen from the value, that differs by under 0.1 %."""
    for precision in range(3, 17):
        rounded = float(f"{to:.{precision}e}")
        if (rounded >= to) if to > value else (rounded <= to):
            return rounded if spec.low <= rounded <= spec.high else to
    return to


def exact(spec: ColumnSpec, value: float) -> str:
    """A value in the property's unit, with all its digits."""
    if spec.unit == "fraction":
        return f"{float(f'{100.0 * value:.15g}')!r}".removesuffix(".0") + "%"
    return f"{value!r}".removesuffix(".0")


# --- why not ---------------------------------------------------------------------------------


def why_not_report(rules: RuleSet, answer: WhyNot) -> str:
    """Why a rule does not decide."""
    specs = _specs(rules)
    return "\n\n".join([_rule(answer.rule, specs), _reason(rules, answer, specs)])


def _reason(rules: RuleSet, answer: WhyNot, specs: dict[str, ColumnSpec]) -> str:
    rule = answer.rule
    if rule.fires:
        if answer.winner == rule.name:
            return "it decides: no rule grades this region higher"
        return f"it fires, but rule {answer.winner} decides: it grades higher, or as high and comes first"
    if answer.needed_truth is None:
        return f"it can never fire: its truth value {rule.tv:g} is below alpha {rules.alpha:g}"
    need = f"it fires at a truth of {digits(answer.needed_truth)} or more (alpha {rules.alpha:g} / tv {rule.tv:g})"
    if answer.changes:
        lines = [f"  {_change(change, specs, rules.alpha)}" for change in answer.changes]
        return "\n".join([f"{need}; one change is enough:", *lines])
    if not answer.needed:
        return f"{need}; no single property can bring it there"
    return "\n".join(
        [f"{need}; no single property can bring it there. What falls short:"]
        + [f"  {_need(item, specs)}" for item in answer.needed]
    )


def _need(need: Need, specs: dict[str, ColumnSpec]) -> str:
    p, spec = need.proposition, specs[need.proposition.property]
    head = f"{p.text}: {digits(p.membership)}"
    if need.to is None:
        return f"{head}; no {p.property} satisfies it"
    return f"{head}; needs {_target(spec, p.value, need.to)} (now {exact(spec, p.value)})"
