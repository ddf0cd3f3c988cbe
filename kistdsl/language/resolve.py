"""Names to what they stand for, numbers to their meaning: from statements to the checked program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language import ast, checked
from kistdsl.language import name_codes as codes
from kistdsl.language import number_codes as numbers
from kistdsl.language import phrase_codes as phrases
from kistdsl.language.codes import ERROR
from kistdsl.language.definitions import MANY, Definitions, share
from kistdsl.language.includes import Assembly
from kistdsl.language.nearest import listed, shortened
from kistdsl.language.rule_names import rule_names
from kistdsl.language.spelling import overflows
from kistdsl.language.tokens import HEDGE_WORDS
from kistdsl.schema import Schema

_NORMAL = frozenset({"normal", "good", "ok", "fine"})
"""What people call a region that is no defect; the language has no class for it."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The program (meaningless when a problem is an error) and the problems found."""

    program: checked.Program
    problems: tuple[Diagnostic, ...]


def resolve(assembly: Assembly, schema: Schema) -> Resolution:
    """Give every statement its meaning; a problem leaves out what it makes meaningless and goes on."""
    names = Definitions(assembly, schema)
    names.read()
    program = _Rules(names).program()
    return Resolution(program, tuple(names.problems))


@dataclass(slots=True)
class _Rules:
    """The rules and tests, given the names that they use."""

    names: Definitions
    used: dict[str, checked.Column] = field(default_factory=dict)

    def program(self) -> checked.Program:
        names = self.names
        alpha, norms, product = names.alpha(), names.norms(), names.last(ast.Product)
        rules = tuple(self._rules())
        tests = tuple(names.all(ast.Test))
        self._tests(tests, rules)
        declared = names.columns | {n: c for n, c in self.used.items() if n not in names.columns}
        return checked.Program(
            name=names.assembly.sources[0].name,
            product=product.title if product is not None else None,
            alpha=alpha,
            norms=norms,
            columns=tuple(self.used.values()),
            declared=tuple(declared.values()),
            terms=tuple(names.terms.values()),
            classes=tuple(names.classes),
            rules=rules,
            tests=tests,
            source_hash=_hash(names.assembly),
        )

    # --- rules -------------------------------------------------------------------------------

    def _rules(self) -> Iterator[checked.Rule]:
        named: dict[str, Span] = {}
        rules = list(self.names.all(ast.Rule))
        for statement, name in zip(rules, rule_names(rules, self.names.assembly.sources[0]), strict=True):
            if statement.name is not None:
                self._repeated(statement.name, named)
            condition = self._condition(statement.condition)
            self._known_class(statement.target)
            truth_value = self._truth_value(statement.truth_value)
            if condition is not None:
                yield checked.Rule(
                    name,
                    statement.text,
                    condition,
                    statement.target.text,
                    truth_value,
                    statement.span.line,
                    statement.span,
                    statement,
                )

    def _repeated(self, name: ast.Name, named: dict[str, Span]) -> None:
        if name.text in named:
            self.names.say(
                codes.DUPLICATE_RULE,
                name.span,
                f"two rules are called `{name.text}`",
                labels=[Label(named[name.text], "the first one")],
                help="both count; give one of them another name",
            )
        named.setdefault(name.text, name.span)

    def _known_class(self, name: ast.Name) -> bool:
        if name.text in self.names.classes or self.names.broken("CLASS", name.text):
            return name.text in self.names.classes
        hint = f"declare it: `class {name.text}`"
        if name.text.lower() in _NORMAL:
            hint = "a region that no rule votes for is normal; a test case says `=> not anomalous`"
        self.names.unknown(codes.UNKNOWN_CLASS, name, "class", self.names.classes, hint)
        return False

    def _truth_value(self, number: ast.Number | None) -> float:
        if number is None:
            return 1.0
        if 0.0 < number.value <= 1.0:
            return number.value
        if not overflows(number):
            self.names.say(
                numbers.TRUTH_VALUE,
                number.span,
                f"a truth value lies above 0 and not above 1, not at {number.text}",
                help=share(number.value) or _trust(number.value),
            )
        return 1.0

    def _condition(self, node: ast.Condition) -> checked.Condition | None:
        """The condition, or None where a name in it is unknown; every unknown name is said."""
        if isinstance(node, ast.Proposition):
            return self._proposition(node)
        if isinstance(node, ast.Not):
            operand = self._condition(node.operand)
            return None if operand is None else checked.Not(operand, node.span)
        operands = [self._condition(operand) for operand in node.operands]
        found = tuple(operand for operand in operands if operand is not None)
        if len(found) < len(operands):
            return None
        return (checked.And if isinstance(node, ast.And) else checked.Or)(found, node.span)

    def _proposition(self, node: ast.Proposition) -> checked.Proposition | None:
        column = self._column(node.property)
        term = self._term(node.term, node.property) if column is not None else None
        if column is None or term is None:
            return None
        divisor = column.gamma if term.column is None else 1.0
        return checked.Proposition(column.name, divisor, term, node.hedges, node.negated, node.span)

    def _column(self, name: ast.Name) -> checked.Column | None:
        if name.text in self.used:
            return self.used[name.text]
        if self.names.broken("PROPERTY", name.text) or not self.names.known_property(name):
            return None
        spec = self.names.schema[name.text]
        column = self.names.columns.get(name.text) or checked.Column(spec, spec.gamma)
        self.used[name.text] = column
        return column

    def _term(self, name: ast.Name, column: ast.Name) -> checked.Term | None:
        term = self.names.terms.get((name.text, column.text)) or self.names.terms.get((name.text, None))
        if term is not None or self.names.broken("TERM", name.text):
            return term
        if len(self.names.problems) > MANY:
            self.names.unknown(codes.UNKNOWN_TERM, name, "term", (), "it is defined nowhere in this file")
            return None
        others = [t for t in self.names.terms.values() if t.name == name.text and t.column is not None]
        if others:
            self.names.say(
                codes.TERM_OF_OTHER,
                name.span,
                f"`{name.text}` is a term of `{others[0].column}`, not of `{column.text}`",
                labels=[Label(t.span, f"defined for `{t.column}`") for t in others if t.span is not None],
                help=f"define one: `term {name.text} of {column.text} = ...`",
            )
            return None
        fitting = [t.name for t in self.names.terms.values() if t.column in (None, column.text)]
        glued = _glued_hedge(name.text, fitting)
        if glued is not None:
            self.names.say(
                codes.UNKNOWN_TERM,
                name.span,
                f"unknown term `{shortened(name.text)}`",
                help=f"did you mean `{glued}`?",
                fix=Fix(name.span, glued),
            )
            return None
        hint = f"known for `{column.text}` are {listed(fitting)}"
        self.names.unknown(codes.UNKNOWN_TERM, name, "term", fitting, hint)
        return None

    # --- tests -------------------------------------------------------------------------------

    def _tests(self, tests: Iterable[ast.Test], rules: tuple[checked.Rule, ...]) -> None:
        known = {rule.name for rule in rules}
        known |= {s.name.text for s in self.names.all(ast.Rule) if s.name is not None}
        faulty = self._faulty()
        for test in tests:
            if not test.cases and id(test.span.source) not in faulty:
                self.names.say(
                    phrases.EMPTY_TEST,
                    test.span,
                    "this test has no case",
                    help="write `area = 4% => anomalous` below",
                )
            for case in test.cases:
                self._settings(case)
                self._expectation(case.expectation, known)

    def _faulty(self) -> set[int]:
        """Sources with unreadable statements: a test there may have lost its cases."""
        return {id(p.span.source) for p in self.names.assembly.problems if p.severity == ERROR}

    def _settings(self, case: ast.Case) -> None:
        seen: dict[str, Span] = {}
        for setting in case.settings:
            name = setting.property.text
            if name not in self.used and not self.names.broken("PROPERTY", name):
                self.names.known_property(setting.property)
            if name in seen:
                self.names.say(
                    codes.DUPLICATE_VALUE,
                    setting.span,
                    f"`{name}` has two values in this case; this one holds",
                    labels=[Label(seen[name], "the first value")],
                    help="remove one of them",
                )
            seen[name] = setting.span
            self._finite(setting.value)

    def _finite(self, number: ast.Number) -> None:
        if abs(number.value) == float("inf") and not overflows(number):
            self.names.say(
                numbers.VALUE,
                number.span,
                f"a test value is a finite number, not {number.text}",
                help="leave a property out to say that it may have any value",
            )

    def _expectation(self, expectation: ast.Expectation, rules: set[str]) -> None:
        self._known_class(expectation.target)
        if expectation.value is not None:
            self._finite(expectation.value)
        by = expectation.by
        if by is None or by.text in rules or self.names.broken("RULE", by.text):
            return
        hint = "an unnamed rule is called by its line, `L12`"
        self.names.unknown(codes.UNKNOWN_RULE, by, "rule", rules, hint)


def _glued_hedge(name: str, terms: Iterable[str]) -> str | None:
    """`very low` for `verylow` and `very_low`."""
    for hedge in HEDGE_WORDS:
        rest = name[len(hedge) :].removeprefix("_") if name.lower().startswith(hedge) else ""
        if rest in terms:
            return f"{hedge} {rest}"
    return None


def _trust(value: float) -> str:
    if value > 1.0:
        return "1 is full trust in the rule; a weight above 1 has no meaning here"
    return "a rule that never counts is left out, or made a comment with `#`"


def _hash(assembly: Assembly) -> str:
    digest = hashlib.sha256()
    for source in assembly.sources:
        data = source.text.encode("utf-8", errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
