"""Hypothesis strategies: rule files as syntax trees, printed by the formatter.

- `trees()` - any tree that the language can write, whatever its names mean;
- `files()` - text of such a tree, with comments, blank lines and odd spacing thrown in;
- `programs()` - text of a file without mistakes: every name is known, every number in range.
"""

from __future__ import annotations

import string
from collections.abc import Callable

from hypothesis import strategies as st

from kistdsl.diagnostics import Source, Span
from kistdsl.language import ast
from kistdsl.language.layout import format_tree
from kistdsl.language.memberships import HEDGES, MEMBERSHIPS
from kistdsl.language.spelling import number_value
from kistdsl.language.tokens import KEYWORDS
from kistdsl.schema import BUILTIN, Schema

NOWHERE = Span(Source("generated.kr", ""), 0, 0)

PROPERTIES = ("area", "gray", "shape", "unevenness", "symmetry")
"""The paper's five: enough for what is tested, and every table in the tests has them."""


def _name(text: str) -> ast.Name:
    return ast.Name(NOWHERE, text)


def number(text: str) -> ast.Number:
    """The node of a number as written."""
    return ast.Number(NOWHERE, text, number_value(text))


# --- any tree --------------------------------------------------------------------------------

_WORD = st.text(string.ascii_letters + string.digits + "_äµ", min_size=1, max_size=8)
NAMES = _WORD.filter(lambda w: not w[0].isdigit() and w.isidentifier() and w.lower() not in KEYWORDS)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters='"\n\r', exclude_categories=["Cs", "Cc"]), max_size=12
)


@st.composite
def number_texts(draw: st.DrawFn) -> str:
    """A finite number in any spelling that the language knows."""
    sign = draw(st.sampled_from(["", "", "", "-", "+"]))
    whole = draw(st.integers(0, 10**6))
    shape = draw(
        st.sampled_from(["{0}", "{0}.{1}", ".{1}", "{0}.", "{0}e{2}", "{0}.{1}E{2}", "{0}%", ".{1}%"])
    )
    return sign + shape.format(whole, draw(st.integers(0, 9999)), draw(st.integers(-30, 30)))


def numbers() -> st.SearchStrategy[ast.Number]:
    return st.one_of(number_texts(), st.sampled_from(["inf", "-inf", "0", "1", "0.8"])).map(number)


def names() -> st.SearchStrategy[ast.Name]:
    return NAMES.map(_name)


def conditions(
    propositions: st.SearchStrategy[ast.Proposition], *, leaves: int = 8
) -> st.SearchStrategy[ast.Condition]:
    """Nested conditions over the given propositions."""

    def grow(inner: st.SearchStrategy[ast.Condition]) -> st.SearchStrategy[ast.Condition]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(ast.Not, st.just(NOWHERE), inner),
            st.builds(ast.And, st.just(NOWHERE), several),
            st.builds(ast.Or, st.just(NOWHERE), several),
        )

    return st.recursive(propositions, grow, max_leaves=leaves)


_HEDGES = st.lists(st.sampled_from(sorted(HEDGES)), max_size=2).map(tuple)


def propositions(
    properties: st.SearchStrategy[str] = NAMES, terms: st.SearchStrategy[str] = NAMES
) -> st.SearchStrategy[ast.Proposition]:
    return st.builds(
        ast.Proposition,
        st.just(NOWHERE),
        properties.map(_name),
        st.booleans(),
        _HEDGES,
        terms.map(_name),
    )


def _functions() -> st.SearchStrategy[ast.Function]:
    plain = st.builds(
        ast.Function,
        st.just(NOWHERE),
        NAMES.filter(lambda n: n != "points").map(_name),
        st.lists(numbers(), max_size=5).map(tuple),
    )
    points = st.lists(st.tuples(numbers(), numbers()), max_size=4).map(
        lambda pairs: ast.Function(NOWHERE, _name("points"), tuple(n for pair in pairs for n in pair))
    )
    return st.one_of(plain, points)


@st.composite
def _properties(draw: st.DrawFn) -> ast.Property:
    kind = draw(st.sampled_from(["none", "scale", "high"]))
    value = draw(numbers())
    return ast.Property(
        NOWHERE,
        draw(names()),
        value if kind == "scale" else None,
        value if kind == "high" else None,
        draw(st.none() | TEXTS),
    )


@st.composite
def _rules(draw: st.DrawFn) -> ast.Rule:
    name = draw(st.none() | names())
    return ast.Rule(
        NOWHERE,
        name,
        draw(st.none() | TEXTS) if name is not None else None,
        draw(conditions(propositions())),
        draw(names()),
        draw(st.none() | numbers()),
    )


@st.composite
def _expectations(draw: st.DrawFn) -> ast.Expectation:
    negated = draw(st.booleans())
    comparison = None if negated else draw(st.sampled_from([None, ">=", "<="]))
    value = draw(numbers()) if comparison else None
    return ast.Expectation(NOWHERE, draw(names()), negated, comparison, value, draw(st.none() | names()))


def _cases() -> st.SearchStrategy[ast.Case]:
    setting = st.builds(ast.Setting, st.just(NOWHERE), names(), numbers())
    settings = st.lists(setting, min_size=1, max_size=3).map(tuple)
    return st.builds(ast.Case, st.just(NOWHERE), settings, _expectations())


def statements() -> st.SearchStrategy[ast.Statement]:
    """Any statement."""
    at = st.just(NOWHERE)
    return st.one_of(
        st.builds(ast.Product, at, TEXTS),
        st.builds(ast.Include, at, TEXTS),
        _properties(),
        st.builds(ast.Term, at, names(), st.none() | names(), _functions()),
        st.builds(ast.Alpha, at, numbers()),
        st.builds(ast.Class, at, names()),
        st.builds(ast.Norms, at, st.one_of(names(), st.just(_name("product")))),
        _rules(),
        st.builds(ast.Test, at, TEXTS, st.lists(_cases(), max_size=3).map(tuple)),
    )


def trees() -> st.SearchStrategy[ast.File]:
    """Any tree."""
    return st.lists(statements(), max_size=8).map(lambda s: ast.File(NOWHERE, tuple(s)))


@st.composite
def files(draw: st.DrawFn) -> str:
    """Text of any tree, with comments, blank lines, trailing space and CR LF in places."""
    lines = format_tree(draw(trees())).splitlines()
    noise = st.sampled_from(["", "", "", "", "\n", "\n\n\n", "  # why\n", '# note: "quoted" text\n', "   "])
    out = []
    for line in lines:
        tail = draw(st.sampled_from(["", "", "", " # behind", "   ", " #"]))
        out.append(draw(noise) + line + tail + draw(st.sampled_from(["\n", "\n", "\n", "\r\n"])))
    return "".join(out) + draw(st.sampled_from(["", "# the end", "\n\n"]))


# --- files without mistakes ------------------------------------------------------------------

_STANDARD = ("low", "mid", "high")


def _decimal(value: float) -> str:
    return f"{value:.6g}"


@st.composite
def memberships(draw: st.DrawFn, low: float, high: float, *, linear: bool = False) -> ast.Function:
    """A valid fuzzy set with corners in [low, high]; `linear` leaves out the curved kinds."""
    corner = st.integers(0, 40).map(lambda k: _decimal(low + (high - low) * k / 40))
    kinds = ["trapmf", "trimf", "rectmf", "points"]
    kind = draw(st.sampled_from(kinds if linear else sorted(MEMBERSHIPS)))
    positive = st.integers(1, 40).map(lambda k: _decimal((high - low) * k / 40))
    if kind in ("gaussmf",):
        texts = [draw(corner), draw(positive)]
    elif kind == "gbellmf":
        texts = [draw(positive), draw(st.sampled_from(["1", "2", "2.5"])), draw(corner)]
    elif kind == "sigmf":
        texts = [_decimal(draw(st.sampled_from([-20, -5, 3, 12])) / (high - low)), draw(corner)]
    elif kind == "points":
        return _points(draw, corner)
    else:
        count = {"trapmf": 4, "trimf": 3, "rectmf": 2, "smf": 2, "zmf": 2, "pimf": 4}[kind]
        texts = sorted((draw(corner) for _ in range(count)), key=float)
        if count == 4:
            open_left, open_right = draw(st.booleans()), draw(st.booleans())
            texts = (["-inf"] * 2 if open_left else texts[:2]) + (["inf"] * 2 if open_right else texts[2:])
    return ast.Function(NOWHERE, _name(kind), tuple(number(t) for t in texts))


def _points(draw: st.DrawFn, corner: st.SearchStrategy[str]) -> ast.Function:
    xs = sorted(draw(st.lists(corner, min_size=2, max_size=4, unique_by=float)), key=float)
    ys = [draw(st.sampled_from(["0", "0.25", "0.5", "0.8", "1"])) for _ in xs]
    arguments = [number(t) for pair in zip(xs, ys, strict=True) for t in pair]
    return ast.Function(NOWHERE, _name("points"), tuple(arguments))


@st.composite
def _declarations(draw: st.DrawFn, schema: Schema, *, linear: bool) -> list[ast.Statement]:
    out: list[ast.Statement] = []
    for name in draw(st.lists(st.sampled_from(PROPERTIES), unique=True)):
        spec = schema[name]
        value = number(_decimal(spec.high * draw(st.integers(1, 40)) / 40))
        high = draw(st.booleans())
        out.append(ast.Property(NOWHERE, _name(name), None if high else value, value if high else None, None))
    shared = draw(st.lists(st.sampled_from(["low", "mid", "high", "odd"]), unique=True, max_size=2))
    out += [ast.Term(NOWHERE, _name(n), None, draw(memberships(0.0, 1.0, linear=linear))) for n in shared]
    owns = st.tuples(st.sampled_from(["own", "low", "sooty"]), st.sampled_from(PROPERTIES))
    for name, column in draw(st.lists(owns, unique=True, max_size=3)):
        spec = schema[column]
        function = draw(memberships(spec.low, spec.high, linear=linear))
        out.append(ast.Term(NOWHERE, _name(name), _name(column), function))
    return out


def _fitting(declarations: list[ast.Statement]) -> Callable[[str], list[str]]:
    terms = [s for s in declarations if isinstance(s, ast.Term)]
    shared = {*_STANDARD, *(t.name.text for t in terms if t.property is None)}

    def of(column: str) -> list[str]:
        own = {t.name.text for t in terms if t.property is not None and t.property.text == column}
        return sorted(shared | own)

    return of


@st.composite
def program_trees(
    draw: st.DrawFn, *, schema: Schema = BUILTIN, linear: bool = False, norms: bool = True, rules: int = 4
) -> ast.File:
    """A tree without mistakes: up to `rules` rules over the paper's five properties."""
    declarations = draw(_declarations(schema, linear=linear))
    terms = _fitting(declarations)
    proposition = st.sampled_from(PROPERTIES).flatmap(
        lambda p: propositions(st.just(p), st.sampled_from(terms(p)))
    )
    classes = draw(st.lists(st.sampled_from(["crack", "stain"]), unique=True))
    head: list[ast.Statement] = [*declarations, *(ast.Class(NOWHERE, _name(c)) for c in classes)]
    if draw(st.booleans()):
        head.append(ast.Alpha(NOWHERE, number(draw(st.sampled_from(["0.8", "50%", "0.3", "1"])))))
    if norms and draw(st.booleans()):
        head.append(ast.Norms(NOWHERE, _name(draw(st.sampled_from(["zadeh", "product", "lukasiewicz"])))))
    truth = st.none() | st.sampled_from(["1", "0.8", "0.9", "50%"]).map(number)
    body: list[ast.Statement] = [
        ast.Rule(
            NOWHERE,
            _name(f"r{i}") if draw(st.booleans()) else None,
            None,
            draw(conditions(proposition, leaves=5)),
            _name(draw(st.sampled_from(["anomalous", *classes]))),
            draw(truth),
        )
        for i in range(draw(st.integers(1, rules)))
    ]
    return ast.File(NOWHERE, tuple(head + body))


def programs(
    *, schema: Schema = BUILTIN, linear: bool = False, norms: bool = True, rules: int = 4
) -> st.SearchStrategy[str]:
    """Text of a file without mistakes.

    Args:
        schema: where the five properties' ranges come from.
        linear: only piecewise linear fuzzy sets.
        norms: any family of operators, else zadeh alone.
        rules: most rules of a file.
    """
    trees_ = program_trees(schema=schema, linear=linear, norms=norms, rules=rules)
    return trees_.map(format_tree)
