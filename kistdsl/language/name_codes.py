"""K1: names that nothing answers to, names given twice, files that include each other."""

from __future__ import annotations

from kistdsl.language.codes import ERROR, WARNING, Code
from kistdsl.language.norms import DEFAULT, described

_GOOD = "IF area is high AND gray is low THEN anomalous (0.8)\n"

UNKNOWN_PROPERTY = Code(
    code="K101",
    slug="unknown-property",
    title="a property that is not measured",
    severity=ERROR,
    explanation="""
Rules speak about measured properties of a region: `area`, `gray`, `shape` and more. A property of your own
is declared in Python with `kistdsl.property`; then rules know it by its name. Names are case-sensitive.
""",
    bad="IF aera is high THEN anomalous\n",
    good="IF area is high THEN anomalous\n",
)

UNKNOWN_TERM = Code(
    code="K102",
    slug="unknown-term",
    title="a term that is not defined",
    severity=ERROR,
    explanation="""
A term is a fuzzy set: `low`, `mid` and `high` are built in, others are defined with
`term NAME = ...` for all properties or `term NAME of PROPERTY = ...` for one. Definitions may stand
anywhere in the file or in an included one.
""",
    bad="IF gray is sooty THEN anomalous\n",
    good="term sooty of gray = trapmf(0, 0, 35, 50)\nIF gray is sooty THEN anomalous\n",
)

UNKNOWN_CLASS = Code(
    code="K103",
    slug="unknown-class",
    title="a defect class that is not declared",
    severity=ERROR,
    explanation="""
A rule ends in the class that it votes for: `anomalous`, which is built in, or one declared with
`class NAME`. Declaring classes is what lets a misspelt one be noticed.
""",
    bad="IF area is high THEN anomolous\n",
    good="class crack\nIF area is high THEN crack\n",
)

UNKNOWN_FUNCTION = Code(
    code="K104",
    slug="unknown-function",
    title="a membership function that does not exist",
    severity=ERROR,
    explanation="""
Fuzzy sets are made with `trapmf`, `trimf`, `rectmf`, `gaussmf`, `gbellmf`, `sigmf`, `smf`, `zmf`, `pimf`
or `points`.
""",
    bad="term wide = trapezoid(0, 0.2, 0.4, 0.6)\nIF area is wide THEN anomalous\n",
    good="term wide = trapmf(0, 0.2, 0.4, 0.6)\nIF area is wide THEN anomalous\n",
)

UNKNOWN_NORMS = Code(
    code="K105",
    slug="unknown-norms",
    title="a family of operators that does not exist",
    severity=ERROR,
    explanation=f"""
`norms` chooses what AND and OR compute; `{DEFAULT}` is the default and the paper's.

{described()}.
""",
    bad="norms minmax\n" + _GOOD,
    good="norms zadeh\n" + _GOOD,
)

UNKNOWN_RULE = Code(
    code="K106",
    slug="unknown-rule",
    title="a test that names a rule that does not exist",
    severity=ERROR,
    explanation="""
`by RULE` in a test names the rule that must decide. A rule without a name is called by its line: the one
on line 12 is `L12`.
""",
    bad='rule stain: IF area is high THEN anomalous\ntest "t":\n  area = 5 => anomalous by stian\n',
    good='rule stain: IF area is high THEN anomalous\ntest "t":\n  area = 1 => anomalous by stain\n',
)

DUPLICATE_TERM = Code(
    code="K107",
    slug="duplicate-term",
    title="a term that is defined twice",
    severity=WARNING,
    explanation="""
Two definitions of the same term of the same property contradict each other; the last one holds. Give one
of them another name, or remove it.
""",
    bad="term dark of gray = zmf(30, 60)\nterm dark of gray = zmf(40, 80)\nIF gray is dark THEN anomalous\n",
    good="term dark of gray = zmf(30, 60)\nIF gray is dark THEN anomalous\n",
)

DUPLICATE_PROPERTY = Code(
    code="K108",
    slug="duplicate-property",
    title="a property that is declared twice",
    severity=WARNING,
    explanation="""
Two declarations of a property may give it two scales; the last one holds for the whole file.
""",
    bad="property gray scale 255\nproperty gray scale 200\n" + _GOOD,
    good="property gray scale 255\n" + _GOOD,
)

DUPLICATE_RULE = Code(
    code="K109",
    slug="duplicate-rule-name",
    title="two rules with the same name",
    severity=WARNING,
    explanation="""
Both rules count, but tables, tests and explanations call a rule by its name and cannot tell them apart.
""",
    bad="rule dark: IF gray is low THEN anomalous\nrule dark: IF area is high THEN anomalous\n",
    good="rule dark: IF gray is low THEN anomalous\nrule large: IF area is high THEN anomalous\n",
)

DUPLICATE_CLASS = Code(
    code="K110",
    slug="duplicate-class",
    title="a class that is declared twice",
    severity=WARNING,
    explanation="""
The second declaration does nothing. `anomalous` is built in and needs none.
""",
    bad="class crack\nclass crack\nIF area is high THEN crack\n",
    good="class crack\nIF area is high THEN crack\n",
)

DUPLICATE_SETTING = Code(
    code="K111",
    slug="duplicate-setting",
    title="`product`, `alpha` or `norms` given twice",
    severity=WARNING,
    explanation="""
A file has one product name, one threshold and one family of operators; the last one given holds.
""",
    bad="alpha 0.8\nalpha 0.7\n" + _GOOD,
    good="alpha 0.8\n" + _GOOD,
)

DUPLICATE_VALUE = Code(
    code="K112",
    slug="duplicate-value",
    title="a test case that gives a property two values",
    severity=WARNING,
    explanation="""
A region has one value of each property. The last one given in the case holds.
""",
    bad='IF area is high THEN anomalous\ntest "t":\n  area = 1, area = 0.9 => anomalous\n',
    good='IF area is high THEN anomalous\ntest "t":\n  area = 1 => anomalous\n',
)

INCLUDE_CYCLE = Code(
    code="K113",
    slug="include-cycle",
    title="files that include each other in a circle",
    severity=ERROR,
    explanation="""
An included file must not lead back to a file that includes it. Put what both need into a third file.
""",
    bad="",
    good=_GOOD,
)

INCLUDE_MISSING = Code(
    code="K114",
    slug="include-not-readable",
    title="an included file that cannot be read",
    severity=ERROR,
    explanation="""
The path in `include "other.kr"` is relative to the folder of the file that it stands in.
""",
    bad='include "does-not-exist.kr"\n' + _GOOD,
    good=_GOOD,
)

TERM_OF_OTHER = Code(
    code="K115",
    slug="term-of-another-property",
    title="a property's own term, used for another property",
    severity=ERROR,
    explanation="""
`term sooty of gray = ...` is written in gray levels and belongs to `gray` alone. For another property
define a term of its own, or a shared one on the standard scale: `term NAME = ...`.
""",
    bad="term sooty of gray = trapmf(0, 0, 35, 50)\nIF area is sooty THEN anomalous\n",
    good="term sooty of gray = trapmf(0, 0, 35, 50)\nIF gray is sooty THEN anomalous\n",
)

NAMES: tuple[Code, ...] = (
    UNKNOWN_PROPERTY,
    UNKNOWN_TERM,
    UNKNOWN_CLASS,
    UNKNOWN_FUNCTION,
    UNKNOWN_NORMS,
    UNKNOWN_RULE,
    DUPLICATE_TERM,
    DUPLICATE_PROPERTY,
    DUPLICATE_RULE,
    DUPLICATE_CLASS,
    DUPLICATE_SETTING,
    DUPLICATE_VALUE,
    INCLUDE_CYCLE,
    INCLUDE_MISSING,
    TERM_OF_OTHER,
)
