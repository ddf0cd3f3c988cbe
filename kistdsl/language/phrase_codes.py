"""K0, continued: phrases that do not fit together. Each kind of mistake has its own declaration."""

from __future__ import annotations

from kistdsl.language.codes import ERROR, WARNING, Code

_GOOD = "IF area is high AND gray is low THEN anomalous (0.8)\n"
_RULE = "IF area is high THEN anomalous\n"


def _code(code: str, slug: str, title: str, explanation: str, bad: str, good: str = _GOOD) -> Code:
    return Code(
        code=code, slug=slug, title=title, severity=ERROR, explanation=explanation, bad=bad, good=good
    )


UNKNOWN_STATEMENT = _code(
    "K020",
    "unknown-statement",
    "a line that begins no statement",
    """
A statement begins with `product`, `include`, `property`, `term`, `alpha`, `class`, `norms`, `rule`, `IF` or
`test`. It may go on over several lines. Anything that is meant for people begins with `#`.
""",
    "rul stain: IF area is high THEN anomalous\n".replace("IF", "iff"),
    "rule stain: IF area is high THEN anomalous\n",
)
KEYWORD_AS_NAME = _code(
    "K022",
    "keyword-as-name",
    "a keyword where a name belongs",
    """
Words of the language are no names, in upper or lower case: `rule`, `term`, `class`, `test`, `scale`, `very`
and so on. A longer word that contains one, such as `scale_loss`, is a name.
""",
    "class scale\n" + _RULE,
    "class mill_scale\nIF area is high THEN mill_scale\n",
)
MISSING_THEN = _code(
    "K023",
    "missing-then",
    "a rule without THEN",
    """
A rule says what follows from its condition: `IF condition THEN class`.
""",
    "IF area is high anomalous (0.8)\n",
    "IF area is high THEN anomalous (0.8)\n",
)
DOUBLED_OPERATOR = _code(
    "K024",
    "doubled-operator",
    "two operators in a row",
    """
AND and OR stand between two conditions, one at a time.
""",
    "IF area is high AND AND gray is low THEN anomalous\n",
)
MISSING_CONDITION = _code(
    "K025",
    "missing-condition",
    "an operator without its condition",
    """
AND and OR need a condition on both sides, NOT needs one behind it, and IF one before THEN.
""",
    "IF area is high AND THEN anomalous\n",
)
MISSING_IS = _code(
    "K026",
    "missing-is",
    "a property without `is`",
    """
A condition names a property and the term that it should fit: `area is high`.
""",
    "IF area high THEN anomalous\n",
    _RULE,
)
MISSING_TERM = _code(
    "K027",
    "missing-term",
    "`is` without a term",
    """
Behind `is` stands a term, a word for a fuzzy set: `low`, `mid`, `high` or one of your own. Numbers go into the
definition of a term.
""",
    "IF area is THEN anomalous\n",
    _RULE,
)
COMPARISON = _code(
    "K028",
    "comparison-in-condition",
    "a condition that compares with a number",
    """
A crisp limit makes a region of 1.99 % normal and one of 2.01 % a defect. Rules speak in terms with soft edges
instead: define the term once, in the property's own unit, and use its name.
""",
    "IF area > 2% THEN anomalous\n",
    "term large of area = smf(1.5%, 2%)\nIF area is large THEN anomalous\n",
)
FOREIGN_OPERATOR = _code(
    "K029",
    "foreign-operator",
    "an operator of another language",
    """
Conditions are joined with the words AND, OR and NOT.
""",
    "IF area is high && gray is low THEN anomalous\n",
)
PARENTHESES = _code(
    "K030",
    "unbalanced-parentheses",
    "a parenthesis without its partner",
    """
Every `(` needs its `)` in the same statement.
""",
    "IF (area is high AND gray is low THEN anomalous\n",
)
MISSING_OPERATOR = _code(
    "K031",
    "missing-operator",
    "two conditions side by side",
    """
Two conditions are joined with AND (both must hold) or OR (one is enough).
""",
    "IF area is high gray is low THEN anomalous\n",
)
MISSING_CLASS = _code(
    "K032",
    "missing-class",
    "no class where one belongs",
    """
A rule votes for a class, and a test case expects one: `anomalous`, or one declared with `class NAME`.
""",
    "IF area is high THEN (0.8)\n",
    "IF area is high THEN anomalous (0.8)\n",
)
BARE_TRUTH_VALUE = _code(
    "K033",
    "bare-truth-value",
    "a truth value without parentheses",
    """
The truth value stands in parentheses behind the class: `THEN anomalous (0.8)`. There are no weights: a rule's
grade is the truth value times the truth of its condition.
""",
    "IF area is high THEN anomalous with weight 0.8\n",
    "IF area is high THEN anomalous (0.8)\n",
)
MISSING_NAME = _code(
    "K034",
    "missing-name",
    "a definition without a name",
    """
`rule`, `term`, `property` and `class` are followed by a name: a letter, then letters, digits and `_`, without
quotes. A rule without a name is written without `rule`: `IF ...`.
""",
    "rule: IF area is high THEN anomalous\n",
    "rule large: IF area is high THEN anomalous\n",
)
MALFORMED_NAME = _code(
    "K035",
    "malformed-name",
    "a name of two words or with a hyphen",
    """
A name is one word of letters, digits and `_`. What is meant for people goes into the rule's text:
`rule crack_line "a thin dark line": IF ...`.
""",
    "rule crack-line: IF area is high THEN anomalous\n",
    "rule crack_line: IF area is high THEN anomalous\n",
)
MISSING_COLON = _code(
    "K036",
    "missing-colon",
    "a heading without its colon",
    """
A colon stands between a rule's name and its IF, and behind the text of a test.
""",
    "rule large IF area is high THEN anomalous\n",
    "rule large: IF area is high THEN anomalous\n",
)
MISSING_IF = _code(
    "K037",
    "missing-if",
    "a rule without IF",
    """
Behind the colon of a named rule the condition begins with IF.
""",
    "rule large: area is high THEN anomalous\n",
    "rule large: IF area is high THEN anomalous\n",
)
MISSING_EQUALS = _code(
    "K038",
    "missing-equals",
    "a definition or a value without `=`",
    """
A term is defined with `=`, and a test case gives values with `=`.
""",
    "term dark of gray zmf(30, 60)\nIF gray is dark THEN anomalous\n",
    "term dark of gray = zmf(30, 60)\nIF gray is dark THEN anomalous\n",
)
NEEDLESS_SIGN = _code(
    "K039",
    "needless-sign",
    "a sign that does not belong there",
    """
Settings are written without a sign between the word and its value: `alpha 0.8`, `norms product`,
`product "Magnetic tile"`.
""",
    "alpha = 0.8\n" + _RULE,
    "alpha 0.8\n" + _RULE,
)
MISSING_NUMBER = _code(
    "K040",
    "missing-number",
    "no number where one belongs",
    """
The corners of a fuzzy set, scales, thresholds, truth values and the values of a test are numbers.
""",
    "alpha high\n" + _RULE,
    "alpha 0.8\n" + _RULE,
)
MISSING_TEXT = _code(
    "K041",
    "missing-text",
    "words without quotes",
    """
Texts for people and paths of files stand in double quotes.
""",
    "product Magnetic tile\n" + _RULE,
    'product "Magnetic tile"\n' + _RULE,
)
MISSING_FUNCTION = _code(
    "K042",
    "missing-function",
    "a term without a membership function",
    """
A term is a fuzzy set, drawn by a membership function: `trapmf(a, b, c, d)` rises from a to b, stays at 1 up to
c and falls to d.
""",
    "term dark of gray = 40\nIF gray is dark THEN anomalous\n",
    "term dark of gray = zmf(30, 50)\nIF gray is dark THEN anomalous\n",
)
MISSING_COMMA = _code(
    "K043",
    "missing-comma",
    "two values without a comma between them",
    """
The numbers of a membership function and the values of a test case are separated by commas.
""",
    "term dark of gray = zmf(30 60)\nIF gray is dark THEN anomalous\n",
    "term dark of gray = zmf(30, 60)\nIF gray is dark THEN anomalous\n",
)
MISSING_SCALE = _code(
    "K044",
    "missing-scale",
    "a property with a number of unknown meaning",
    """
`scale G` gives the scale factor gamma itself. `high at V` says that the value V is high: it comes to lie at 0.8
of the standard scale, so gamma = V / 0.8.
""",
    "property area 2%\n" + _RULE,
    "property area high at 2%\n" + _RULE,
)
MISPLACED_HEDGE = _code(
    "K045",
    "misplaced-hedge",
    "`very` in the wrong place",
    """
`very`, `extremely`, `somewhat` and `slightly` stand right before a term: `gray is very low`.
""",
    "IF very gray is low THEN anomalous\n",
    "IF gray is very low THEN anomalous\n",
)
UNKNOWN_HEDGE = _code(
    "K052",
    "unknown-hedge",
    "a word before a term that is no hedge",
    """
Between `is` and a term stand NOT and the hedges `very`, `extremely`, `somewhat` and `slightly`, nothing else. For
any other shade define a term: `term darkish of gray = trapmf(0, 0, 60, 90)`.
""",
    "IF gray is rather low THEN anomalous\n",
    "IF gray is somewhat low THEN anomalous\n",
)
NO_ELSE = _code(
    "K046",
    "no-else",
    "a rule with ELSE",
    """
Every rule votes for one class; a region that no rule votes for is normal. What holds otherwise is another
rule, with NOT in its condition.
""",
    "class crack\nIF area is high THEN anomalous ELSE crack\n",
    "class crack\nIF area is high THEN anomalous\nIF NOT area is high THEN crack\n",
)
ONE_CLASS = _code(
    "K047",
    "one-class",
    "several classes at once",
    """
A rule votes for one class, and a `class` line declares one.
""",
    "class crack\nIF area is high THEN anomalous AND crack\n",
    "class crack\nIF area is high THEN anomalous\nIF gray is low THEN crack\n",
)
MISSING_ARROW = _code(
    "K048",
    "missing-arrow",
    "a test case that expects nothing",
    """
A case lists values and says what must come out: `area = 4%, gray = 30 => anomalous >= 0.9`.
""",
    _RULE + 'test "t":\n  area = 1\n',
    _RULE + 'test "t":\n  area = 1 => anomalous\n',
)
CASE_COMPARISON = _code(
    "K049",
    "comparison-in-case",
    "a comparison that a test case does not know",
    """
A case gives values with `=` and expects `C`, `not C`, `C >= grade` or `C <= grade`.
""",
    _RULE + 'test "t":\n  area = 1 => anomalous > 0.9\n',
    _RULE + 'test "t":\n  area = 1 => anomalous >= 0.9\n',
)
MISSING_VALUES = _code(
    "K050",
    "missing-values",
    "a test case without a value",
    """
A case lists at least one property's value. What it leaves out may have any value.
""",
    _RULE + 'test "t":\n  => anomalous\n',
    _RULE + 'test "t":\n  area = 1 => anomalous\n',
)

EMPTY_TEST = Code(
    code="K051",
    slug="empty-test",
    title="a test without a case",
    severity=WARNING,
    explanation="""
A test without cases passes whatever the rules say. Write its cases below it, indented.
""",
    bad=_RULE + 'test "large areas":\n',
    good=_RULE + 'test "large areas":\n  area = 1 => anomalous\n',
)

PHRASES: tuple[Code, ...] = (
    UNKNOWN_STATEMENT,
    KEYWORD_AS_NAME,
    MISSING_THEN,
    DOUBLED_OPERATOR,
    MISSING_CONDITION,
    MISSING_IS,
    MISSING_TERM,
    COMPARISON,
    FOREIGN_OPERATOR,
    PARENTHESES,
    MISSING_OPERATOR,
    MISSING_CLASS,
    BARE_TRUTH_VALUE,
    MISSING_NAME,
    MALFORMED_NAME,
    MISSING_COLON,
    MISSING_IF,
    MISSING_EQUALS,
    NEEDLESS_SIGN,
    MISSING_NUMBER,
    MISSING_TEXT,
    MISSING_FUNCTION,
    MISSING_COMMA,
    MISSING_SCALE,
    MISPLACED_HEDGE,
    NO_ELSE,
    ONE_CLASS,
    MISSING_ARROW,
    CASE_COMPARISON,
    MISSING_VALUES,
    EMPTY_TEST,
    UNKNOWN_HEDGE,
)
