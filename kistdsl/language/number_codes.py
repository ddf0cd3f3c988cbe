"""K2, the errors: numbers that leave a statement without a meaning."""

from __future__ import annotations

from kistdsl.language.codes import ERROR, Code

TRUTH_VALUE = Code(
    code="K201",
    slug="truth-value-out-of-range",
    title="a truth value that is not in (0, 1]",
    severity=ERROR,
    explanation="""
The truth value says how far a rule is to be trusted: 1 fully, 0.8 mostly. A rule's grade is the truth value
TIMES the truth of its condition, so it cannot exceed 1, and 0 would be a rule that never counts.
""",
    bad="IF area is high THEN anomalous (1.8)\n",
    good="IF area is high THEN anomalous (0.8)\n",
)

ALPHA = Code(
    code="K202",
    slug="alpha-out-of-range",
    title="an anomaly threshold that is not in (0, 1]",
    severity=ERROR,
    explanation="""
A region is anomalous when its grade reaches alpha. Grades lie in [0, 1]: with alpha 0 every region would
be anomalous, above 1 none.
""",
    bad="alpha 80\nIF area is high THEN anomalous\n",
    good="alpha 0.8\nIF area is high THEN anomalous\n",
)

SCALE = Code(
    code="K203",
    slug="scale-not-positive",
    title="a scale that is not a positive number",
    severity=ERROR,
    explanation="""
A property's value is divided by its scale gamma before a shared term looks at it: v' = v / gamma (eq. 16).
`scale G` gives gamma itself; `high at V` gives the value that counts as high, gamma = V / 0.8. Both must be
positive and finite.
""",
    bad="property gray scale 0\nIF gray is low THEN anomalous\n",
    good="property gray scale 255\nIF gray is low THEN anomalous\n",
)

PARAMETER_COUNT = Code(
    code="K204",
    slug="wrong-number-of-parameters",
    title="a membership function with too many or too few numbers",
    severity=ERROR,
    explanation="""
Every membership function has its own parameters: `trapmf(a, b, c, d)` rises from a to b, stays at 1 up to c
and falls to d.
""",
    bad="term dark of gray = trapmf(0, 35, 50)\nIF gray is dark THEN anomalous\n",
    good="term dark of gray = trapmf(0, 0, 35, 50)\nIF gray is dark THEN anomalous\n",
)

PARAMETER_ORDER = Code(
    code="K205",
    slug="parameters-out-of-order",
    title="corner points that do not ascend",
    severity=ERROR,
    explanation="""
The corners of a fuzzy set go from left to right: a <= b <= c <= d. Equal neighbours make a vertical edge,
which is allowed.
""",
    bad="term dark of gray = trapmf(0, 0, 50, 35)\nIF gray is dark THEN anomalous\n",
    good="term dark of gray = trapmf(0, 0, 35, 50)\nIF gray is dark THEN anomalous\n",
)

PARAMETER = Code(
    code="K206",
    slug="unfit-parameter",
    title="a parameter that the function cannot take",
    severity=ERROR,
    explanation="""
Widths and sigmas are positive, a slope is not 0, and `inf` fits only where a set has no limit on that side.
""",
    bad="term middling of gray = gaussmf(128, 0)\nIF gray is middling THEN anomalous\n",
    good="term middling of gray = gaussmf(128, 20)\nIF gray is middling THEN anomalous\n",
)

VALUE = Code(
    code="K207",
    slug="value-not-finite",
    title="a test value that no region can have",
    severity=ERROR,
    explanation="""
The values and grades of a test case are finite numbers; leave a property out to say that it may have any
value.
""",
    bad='IF area is high THEN anomalous\ntest "t":\n  area = inf => anomalous\n',
    good='IF area is high THEN anomalous\ntest "t":\n  area = 1 => anomalous\n',
)

NUMBERS: tuple[Code, ...] = (
    TRUTH_VALUE,
    ALPHA,
    SCALE,
    PARAMETER_COUNT,
    PARAMETER_ORDER,
    PARAMETER,
    VALUE,
)
