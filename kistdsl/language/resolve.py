"""Names to what they stand for, numbers to their meaning: from statements to the checked program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language import ast, checked
from kistdsl.language import name_codes as names
from kistdsl.language import number_codes as numbers
from kistdsl.language import phrase_codes as phrases
from kistdsl.language.codes import ERROR, Code
from kistdsl.language.functions import membership
from kistdsl.language.includes import Assembly
from kistdsl.language.memberships import STANDARD_TERMS
from kistdsl.language.nearest import nearest
from kistdsl.language.spelling import overflows
from kistdsl.schema import Schema

ANOMALOUS = "anomalous"
DEFAULT_ALPHA = 0.8
NORMS = ("zadeh", "product", "lukasiewicz")
HIGH = 0.8
"""Where `high at V` puts V on the standard scale: gamma = V / 0.8."""

_S = TypeVar("_S", bound=ast.Node)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The program (meaningless when a problem is an error) and the problems found."""

    program: checked.Program
    problems: tuple[Diagnostic, ...]


def resolve(assembly: Assembly, schema: Schema) -> Resolution:
    """Give every statement its meaning; a problem leaves out what it makes meaningless and goes on."""
    resolver = _Resolver(assembly, schema)
    program = resolver.program()
    return Resolution(program, tuple(resolver.problems))


@dataclass(slots=True)
class _Resolver:
    assembly: Assembly
    schema: Schema
    problems: list[Diagnostic] = field(default_factory=list)
    columns: dict[str, checked.Column] = field(default_factory=dict)
    terms: dict[tuple[str, str | None], checked.Term] = field(default_factory=dict)
    classes: list[str] = field(default_factory=lambda: [ANOMALOUS])
    used: dict[str, checked.Column] = field(default_factory=dict)

    def program(self) -> checked.Program:
        self._columns()
        self._terms()
        self._classes()
        alpha, norms, product = self._alpha(), self._norms(), self._last(ast.Product)
        rules = tuple(self._rules())
        tests = tuple(self._all(ast.Test))
        self._tests(tests, rules)
        declared = dict(self.columns) | {n: c for n, c in self.used.items() if n not in self.columns}
        return checked.Program(
            name=self.assembly.sources[0].name,
            product=product.title if product is not None else None,
            alpha=alpha,
            norms=norms,
            columns=tuple(self.used.values()),
            declared=tuple(declared.values()),
            terms=tuple(self.terms.values()),
            classes=tuple(self.classes),
            rules=rules,
            tests=tests,
            source_hash=_hash(self.assembly),
        )

    # --- helpers -----------------------------------------------------------------------------

    def _all(self, kind: type[_S]) -> Iterator[_S]:
        return (s for s in self.assembly.statements if isinstance(s, kind))

    def _say(
        self,
        code: Code,
        span: Span,
        message: str,
        *,
        labels: Iterable[Label] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        self.problems.append(code.at(span, message, labels=labels, help=help, fix=fix))

    def _last(self, kind: type[_S]) -> _S | None:
        """The statement of a kind that is given once; more than one is said."""
        last: _S | None = None
        for statement in self._all(kind):
            if last is not None:
                self._say(
                    names.DUPLICATE_SETTING,
                    statement.span,
                    f"`{kind.__name__.lower()}` is given twice; this one holds",
                    labels=[Label(last.span, "given here already")],
                    help="remove one of them",
                )
            last = statement
        return last

    def _broken(self, kind: str, name: str) -> bool:
        return (kind, name) in self.assembly.broken

    def _unknown(self, code: Code, name: ast.Name, what: str, known: Iterable[str], hint: str) -> None:
        """An unknown name; nothing is said where an unreadable include may define it."""
        words = list(known)
        close = nearest(name.text, words)
        if close is None and not self.assembly.complete and code is not names.UNKNOWN_PROPERTY:
            return
        self._say(
            code,
            name.span,
            f"unknown {what} `{name.text}`",
            help=hint if close is None else f"did you mean `{close}`?",
            fix=None if close is None else Fix(name.span, close),
        )

    # --- definitions -------------------------------------------------------------------------

    def _columns(self) -> None:
        seen: dict[str, ast.Property] = {}
        for statement in self._all(ast.Property):
            name = statement.name.text
            if not self._known_property(statement.name):
                continue
            if name in seen:
                self._say(
                    names.DUPLICATE_PROPERTY,
                    statement.name.span,
                    f"property `{name}` is declared twice; this one holds",
                    labels=[Label(seen[name].name.span, "declared here already")],
                    help="remove one of them",
                )
            seen[name] = statement
            self.columns[name] = checked.Column(self.schema[name], self._gamma(statement))

    def _known_property(self, name: ast.Name) -> bool:
        if name.text in self.schema:
            return True
        self._unknown(
            names.UNKNOWN_PROPERTY,
            name,
            "property",
            self.schema,
            f"known are {', '.join(self.schema)}; one of your own is declared in Python with `kistdsl.property`",
        )
        return False

    def _gamma(self, statement: ast.Property) -> float:
        number = statement.scale or statement.high_at
        if number is None:
            return self.schema[statement.name.text].gamma
        gamma = number.value if statement.scale is not None else number.value / HIGH
        if 0.0 < gamma < float("inf"):
            return gamma
        if overflows(number):
            return self.schema[statement.name.text].gamma
        what = "a scale" if statement.scale is not None else "the value that counts as high"
        self._say(
            numbers.SCALE,
            number.span,
            f"{what} must be a positive number, not {number.text}",
            help="values are divided by the scale: v' = v / gamma",
        )
        return self.schema[statement.name.text].gamma

    def _terms(self) -> None:
        defined: dict[tuple[str, str | None], ast.Term] = {}
        for statement in self._all(ast.Term):
            column = statement.property.text if statement.property is not None else None
            if statement.property is not None and not self._known_property(statement.property):
                self.assembly.broken.add(("TERM", statement.name.text))
                continue
            key = (statement.name.text, column)
            if key in defined:
                of = f" of {column}" if column else ""
                self._say(
                    names.DUPLICATE_TERM,
                    statement.name.span,
                    f"term `{key[0]}`{of} is defined twice; this one holds",
                    labels=[Label(defined[key].name.span, "defined here already")],
                    help="give one of them another name, or remove it",
                )
            defined[key] = statement
            function, problems = membership(statement.function)
            self.problems.extend(problems)
            if function is None:
                self.assembly.broken.add(("TERM", statement.name.text))
            else:
                self.terms[key] = checked.Term(*key, function, statement.name.span)
        for name, standard in STANDARD_TERMS.items():
            if (name, None) not in defined and not self._broken("TERM", name):
                self.terms[(name, None)] = checked.Term(name, None, standard)

    def _classes(self) -> None:
        seen: dict[str, Span] = {}
        for statement in self._all(ast.Class):
            name = statement.name.text
            if name == ANOMALOUS:
                self._say(
                    names.DUPLICATE_CLASS,
                    statement.name.span,
                    f"`{ANOMALOUS}` is built in",
                    help="remove this line",
                )
            elif name in seen:
                self._say(
                    names.DUPLICATE_CLASS,
                    statement.name.span,
                    f"class `{name}` is declared twice",
                    labels=[Label(seen[name], "declared here already")],
                    help="remove one of them",
                )
            else:
                seen[name] = statement.name.span
                self.classes.append(name)

    def _alpha(self) -> float:
        statement = self._last(ast.Alpha)
        if statement is None:
            return DEFAULT_ALPHA
        number = statement.value
        if 0.0 < number.value <= 1.0:
            return number.value
        if not overflows(number):
            self._say(
                numbers.ALPHA,
                number.span,
                f"alpha must lie above 0 and not above 1, not at {number.text}",
                help=_share(number.value) or "the paper's threshold is 0.8, which is the default",
            )
        return DEFAULT_ALPHA

    def _norms(self) -> str:
        statement = self._last(ast.Norms)
        if statement is None:
            return NORMS[0]
        if statement.name.text in NORMS:
            return statement.name.text
        close = nearest(statement.name.text, NORMS)
        self._say(
            names.UNKNOWN_NORMS,
            statement.name.span,
            f"unknown norms `{statement.name.text}`",
            help=f"known are {', '.join(NORMS)}" if close is None else f"did you mean `{close}`?",
            fix=None if close is None else Fix(statement.name.span, close),
        )
        return NORMS[0]

    # --- rules -------------------------------------------------------------------------------

    def _rules(self) -> Iterator[checked.Rule]:
        named: dict[str, Span] = {}
        taken = {s.name.text for s in self._all(ast.Rule) if s.name is not None}
        main = self.assembly.sources[0]
        for statement in self._all(ast.Rule):
            if statement.name is not None:
                name = statement.name.text
                self._repeated(statement.name, named)
            else:
                name = _line_name(statement, main is statement.span.source, taken)
                taken.add(name)
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
            self._say(
                names.DUPLICATE_RULE,
                name.span,
                f"two rules are called `{name.text}`",
                labels=[Label(named[name.text], "the first one")],
                help="both count; give one of them another name",
            )
        named.setdefault(name.text, name.span)

    def _known_class(self, name: ast.Name) -> bool:
        if name.text in self.classes or self._broken("CLASS", name.text):
            return name.text in self.classes
        self._unknown(names.UNKNOWN_CLASS, name, "class", self.classes, f"declare it: `class {name.text}`")
        return False

    def _truth_value(self, number: ast.Number | None) -> float:
        if number is None:
            return 1.0
        if 0.0 < number.value <= 1.0:
            return number.value
        if not overflows(number):
            self._say(
                numbers.TRUTH_VALUE,
                number.span,
                f"a truth value lies above 0 and not above 1, not at {number.text}",
                help=_share(number.value) or _trust(number.value),
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
        if self._broken("PROPERTY", name.text) or not self._known_property(name):
            return None
        spec = self.schema[name.text]
        column = self.columns.get(name.text) or checked.Column(spec, spec.gamma)
        self.used[name.text] = column
        return column

    def _term(self, name: ast.Name, column: ast.Name) -> checked.Term | None:
        term = self.terms.get((name.text, column.text)) or self.terms.get((name.text, None))
        if term is not None or self._broken("TERM", name.text):
            return term
        others = [t for t in self.terms.values() if t.name == name.text and t.column is not None]
        if others:
            self._say(
                names.TERM_OF_OTHER,
                name.span,
                f"`{name.text}` is a term of `{others[0].column}`, not of `{column.text}`",
                labels=[Label(t.span, f"defined for `{t.column}`") for t in others if t.span is not None],
                help=f"define one: `term {name.text} of {column.text} = ...`",
            )
            return None
        fitting = [t.name for t in self.terms.values() if t.column in (None, column.text)]
        hint = f"known for `{column.text}` are {', '.join(dict.fromkeys(fitting))}"
        self._unknown(names.UNKNOWN_TERM, name, "term", fitting, hint)
        return None

    # --- tests -------------------------------------------------------------------------------

    def _tests(self, tests: Iterable[ast.Test], rules: tuple[checked.Rule, ...]) -> None:
        known = {rule.name for rule in rules}
        known |= {s.name.text for s in self._all(ast.Rule) if s.name is not None}
        for test in tests:
            if not test.cases and id(test.span.source) not in self._faulty():
                self._say(
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
        return {id(p.span.source) for p in self.assembly.problems if p.severity == ERROR}

    def _settings(self, case: ast.Case) -> None:
        seen: dict[str, Span] = {}
        for setting in case.settings:
            name = setting.property.text
            if name not in self.used and not self._broken("PROPERTY", name):
                self._known_property(setting.property)
            if name in seen:
                self._say(
                    names.DUPLICATE_VALUE,
                    setting.span,
                    f"`{name}` has two values in this case; this one holds",
                    labels=[Label(seen[name], "the first value")],
                    help="remove one of them",
                )
            seen[name] = setting.span
            self._finite(setting.value)

    def _finite(self, number: ast.Number) -> None:
        if abs(number.value) == float("inf") and not overflows(number):
            self._say(
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
        if by is None or by.text in rules or self._broken("RULE", by.text):
            return
        hint = "an unnamed rule is called by its line, `L12`" if nearest(by.text, rules) is None else ""
        self._unknown(names.UNKNOWN_RULE, by, "rule", rules, hint)


def _line_name(statement: ast.Rule, in_main: bool, taken: set[str]) -> str:
    """`L12`; of an included file `other:L12`; a number more where that is taken."""
    line = f"L{statement.span.line}"
    if not in_main:
        stem = statement.span.source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".kr")
        line = f"{stem}:{line}"
    name, count = line, 1
    while name in taken:
        count += 1
        name = f"{line}.{count}"
    return name


def _trust(value: float) -> str:
    if value > 1.0:
        return "1 is full trust in the rule; a weight above 1 has no meaning here"
    return "a rule that never counts is left out, or made a comment with `#`"


def _share(value: float) -> str | None:
    """Help for a number that was meant as a percentage."""
    return f"did you mean {value:g}%?" if 1.0 < value <= 100.0 and value == int(value) and value > 9 else None


def _hash(assembly: Assembly) -> str:
    digest = hashlib.sha256()
    for source in assembly.sources:
        data = source.text.encode("utf-8", errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
