"""What a file defines: properties and their scales, terms, classes, settings.

A problem is noted and leaves out what it makes meaningless; reading goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language import ast, checked
from kistdsl.language import name_codes as names
from kistdsl.language import norms as norm_families
from kistdsl.language import number_codes as numbers
from kistdsl.language.codes import Code
from kistdsl.language.functions import membership
from kistdsl.language.includes import Assembly
from kistdsl.language.memberships import STANDARD_TERMS
from kistdsl.language.nearest import listed, nearest, shortened
from kistdsl.language.spelling import overflows
from kistdsl.language.syntax_codes import PAIRS
from kistdsl.schema import Schema

ANOMALOUS = "anomalous"
DEFAULT_ALPHA = 0.8
HIGH = 0.8
"""Where `high at V` puts V on the standard scale: gamma = V / 0.8."""

MANY = 100
"""Problems beyond which no more spelling is guessed: it would take longer than reading the file."""

_S = TypeVar("_S", bound=ast.Node)


@dataclass(slots=True)
class Definitions:
    """The names of a program, and the problems found on the way; `read` fills it.

    Attributes:
        columns: the declared properties.
        terms: by (name, property or None).
        classes: `anomalous` first.
    """

    assembly: Assembly
    schema: Schema
    problems: list[Diagnostic] = field(default_factory=list)
    columns: dict[str, checked.Column] = field(default_factory=dict)
    terms: dict[tuple[str, str | None], checked.Term] = field(default_factory=dict)
    classes: list[str] = field(default_factory=lambda: [ANOMALOUS])

    def read(self) -> None:
        self.read_columns()
        self.read_terms()
        self.read_classes()

    # --- helpers -----------------------------------------------------------------------------

    def all(self, kind: type[_S]) -> Iterator[_S]:
        return (s for s in self.assembly.statements if isinstance(s, kind))

    def say(
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

    def last(self, kind: type[_S]) -> _S | None:
        """The statement of a kind that is given once; more than one is said."""
        last: _S | None = None
        for statement in self.all(kind):
            if last is not None:
                self.say(
                    names.DUPLICATE_SETTING,
                    statement.span,
                    f"`{kind.__name__.lower()}` is given twice; this one holds",
                    labels=[Label(last.span, "given here already")],
                    help="remove one of them",
                )
            last = statement
        return last

    def broken(self, kind: str, name: str) -> bool:
        return (kind, name) in self.assembly.broken

    def unknown(self, code: Code, name: ast.Name, what: str, known: Iterable[str], hint: str) -> None:
        """An unknown name; nothing is said where an unreadable include may define it."""
        close = nearest(name.text, known) if len(self.problems) < MANY else None
        if close is None and not self.assembly.complete and code is not names.UNKNOWN_PROPERTY:
            return
        self.say(
            code,
            name.span,
            f"unknown {what} `{shortened(name.text)}`",
            help=hint if close is None else f"did you mean `{close}`?",
            fix=None if close is None else Fix(name.span, close),
        )

    # --- definitions -------------------------------------------------------------------------

    def read_columns(self) -> None:
        seen: dict[str, ast.Property] = {}
        for statement in self.all(ast.Property):
            name = statement.name.text
            if not self.known_property(statement.name):
                continue
            if name in seen:
                self.say(
                    names.DUPLICATE_PROPERTY,
                    statement.name.span,
                    f"property `{name}` is declared twice; this one holds",
                    labels=[Label(seen[name].name.span, "declared here already")],
                    help="remove one of them",
                )
            seen[name] = statement
            self.columns[name] = checked.Column(self.schema[name], self._gamma(statement))

    def known_property(self, name: ast.Name) -> bool:
        if name.text in self.schema:
            return True
        self.unknown(
            names.UNKNOWN_PROPERTY,
            name,
            "property",
            self.schema,
            f"known are {listed(self.schema)}; one of your own is declared in Python with `kistdsl.property`",
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
        self.say(
            numbers.SCALE,
            number.span,
            f"{what} must be a positive number, not {number.text}",
            help="values are divided by the scale: v' = v / gamma",
        )
        return self.schema[statement.name.text].gamma

    def read_terms(self) -> None:
        defined: dict[tuple[str, str | None], ast.Term] = {}
        unread = [p.span for p in self.assembly.problems if p.code == PAIRS.code]
        for statement in self.all(ast.Term):
            column = statement.property.text if statement.property is not None else None
            if statement.property is not None and not self.known_property(statement.property):
                self.assembly.broken.add(("TERM", statement.name.text))
                continue
            key = (statement.name.text, column)
            if key in defined:
                of = f" of {column}" if column else ""
                self.say(
                    names.DUPLICATE_TERM,
                    statement.name.span,
                    f"term `{key[0]}`{of} is defined twice; this one holds",
                    labels=[Label(defined[key].name.span, "defined here already")],
                    help="give one of them another name, or remove it",
                )
            defined[key] = statement
            whole = statement.function.span
            if any(s.source is whole.source and whole.start <= s.start < whole.end for s in unread):
                self.assembly.broken.add(("TERM", statement.name.text))
                continue
            function, problems = membership(statement.function)
            self.problems.extend(problems)
            if function is None:
                self.assembly.broken.add(("TERM", statement.name.text))
            else:
                self.terms[key] = checked.Term(*key, function, statement.name.span)
        for name, standard in STANDARD_TERMS.items():
            if (name, None) not in defined and not self.broken("TERM", name):
                self.terms[(name, None)] = checked.Term(name, None, standard)

    def read_classes(self) -> None:
        seen: dict[str, Span] = {}
        for statement in self.all(ast.Class):
            name = statement.name.text
            if name == ANOMALOUS:
                self.say(
                    names.DUPLICATE_CLASS,
                    statement.name.span,
                    f"`{ANOMALOUS}` is built in",
                    help="remove this line",
                )
            elif name in seen:
                self.say(
                    names.DUPLICATE_CLASS,
                    statement.name.span,
                    f"class `{name}` is declared twice",
                    labels=[Label(seen[name], "declared here already")],
                    help="remove one of them",
                )
            else:
                seen[name] = statement.name.span
                self.classes.append(name)

    def alpha(self) -> float:
        self.last(ast.Alpha)
        return [DEFAULT_ALPHA, *(self._alpha(statement.value) for statement in self.all(ast.Alpha))][-1]

    def _alpha(self, number: ast.Number) -> float:
        if 0.0 < number.value <= 1.0:
            return number.value
        if not overflows(number):
            self.say(
                numbers.ALPHA,
                number.span,
                f"alpha must lie above 0 and not above 1, not at {number.text}",
                help=share(number.value) or "the paper's threshold is 0.8, which is the default",
            )
        return DEFAULT_ALPHA

    def norms(self) -> str:
        self.last(ast.Norms)
        return [norm_families.DEFAULT, *(self._norms(statement.name) for statement in self.all(ast.Norms))][
            -1
        ]

    def _norms(self, name: ast.Name) -> str:
        known = tuple(norm_families.FAMILIES)
        if name.text in known:
            return name.text
        close = nearest(name.text, known)
        self.say(
            names.UNKNOWN_NORMS,
            name.span,
            f"unknown norms `{name.text}`",
            help=f"known are {', '.join(known)}" if close is None else f"did you mean `{close}`?",
            fix=None if close is None else Fix(name.span, close),
        )
        return norm_families.DEFAULT


def share(value: float) -> str | None:
    """Help for a number that was meant as a percentage."""
    return f"did you mean {value:g}%?" if 1.0 < value <= 100.0 and value == int(value) and value > 9 else None
