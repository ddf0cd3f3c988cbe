"""K0: what cannot be read. Each kind of mistake has its own declaration and its own words."""

from __future__ import annotations

from kistdsl.language.codes import ERROR, WARNING, Code

_GOOD = "IF area is high AND gray is low THEN anomalous (0.8)\n"

UNEXPECTED = Code(
    code="K001",
    slug="unexpected-word",
    title="something else belongs here",
    severity=ERROR,
    explanation="""
The statement is fine up to the marked place, but what stands there cannot follow. The message says what
can. Only this statement is left out; the rest of the file is still checked.
""",
    bad="property area high at 2% 3%\n" + _GOOD,
    good="property area high at 2%\n" + _GOOD,
)

BAD_CHARACTER = Code(
    code="K002",
    slug="bad-character",
    title="a character that the language does not know",
    severity=ERROR,
    explanation="""
Outside of texts and comments a rule file holds names, numbers and `( ) , : = => >= <= %`. A character that
came in by copying from a document (a long dash, a non-breaking space, a typographic sign) is not read as
the one that it looks like.
""",
    bad="IF area is high; gray is low THEN anomalous\n",
    good=_GOOD,
)

DECIMAL_COMMA = Code(
    code="K003",
    slug="decimal-comma",
    title="a comma inside a number",
    severity=ERROR,
    explanation="""
Numbers are written with a decimal point: `0.8`, not `0,8`. The comma separates the numbers of a fuzzy set
and the values of a test case, so `0,8` would be two numbers.
""",
    bad="IF area is high THEN anomalous (0,8)\n",
    good="IF area is high THEN anomalous (0.8)\n",
)

UNCLOSED_TEXT = Code(
    code="K004",
    slug="unclosed-text",
    title="a text without its closing quote",
    severity=ERROR,
    explanation="""
A text stands between two straight double quotes on one line. There are no escapes: a backslash is a
backslash, and a text cannot hold a double quote.
""",
    bad='product "Magnetic tile\n' + _GOOD,
    good='product "Magnetic tile"\n' + _GOOD,
)

NUMBER_TOO_LARGE = Code(
    code="K005",
    slug="number-too-large",
    title="a number beyond what can be stored",
    severity=ERROR,
    explanation="""
Numbers are 64-bit floating point; the largest is about 1.8e308. Write `inf` or `-inf` where a fuzzy set
has no limit on that side.
""",
    bad="term wide of gray = trapmf(0, 35, inf, 1e400)\nIF gray is wide THEN anomalous\n",
    good="term wide of gray = trapmf(0, 35, inf, inf)\nIF gray is wide THEN anomalous\n",
)

PAIRS = Code(
    code="K006",
    slug="pairs-and-numbers",
    title="pairs where numbers belong, or numbers where pairs belong",
    severity=ERROR,
    explanation="""
`points` draws a fuzzy set through corner points, each written as a pair: `points((0, 0), (5, 1))`. All
other functions take plain numbers.
""",
    bad="term dark of gray = points(0, 1, 50, 0)\nIF gray is dark THEN anomalous\n",
    good="term dark of gray = points((0, 1), (50, 0))\nIF gray is dark THEN anomalous\n",
)

TOO_DEEP = Code(
    code="K007",
    slug="nested-too-deep",
    title="a condition inside a condition, too many times",
    severity=ERROR,
    explanation="""
NOT, AND and OR may stand inside each other 100 deep, which is far beyond what a person can follow.
Parentheses that only repeat do not count. Several short rules say the same as one with OR: the grade of
a region is the largest over all rules.
""",
    bad="IF " + "NOT " * 101 + "area is high THEN anomalous\n",
    good="IF NOT area is high THEN anomalous\n",
)

FILE_TOO_LARGE = Code(
    code="K008",
    slug="file-too-large",
    title="a rule file beyond the size that is read",
    severity=ERROR,
    explanation="""
Rule files up to 4 MB are read: tens of thousands of rules. A larger file is refused before it is read,
usually it is not a rule file at all.
""",
    bad="",
    good=_GOOD,
)

NOT_UTF8 = Code(
    code="K009",
    slug="not-utf8",
    title="a file in another encoding",
    severity=ERROR,
    explanation="""
Rule files are UTF-8 text. A file saved as "ANSI", Latin-1 or UTF-16 shows other letters than those that
were typed; save it again as UTF-8.
""",
    bad="",
    good=_GOOD,
)

BYTE_ORDER_MARK = Code(
    code="K010",
    slug="byte-order-mark",
    title="an invisible mark at the start of the file",
    severity=WARNING,
    explanation="""
Some Windows programs write a byte-order mark (U+FEFF) before the first letter of a UTF-8 file. It is
skipped, but other tools stumble over it.
""",
    bad="\ufeff" + _GOOD,
    good=_GOOD,
)

WINDOWS_LINE_ENDS = Code(
    code="K011",
    slug="windows-line-ends",
    title="lines that end in CR LF",
    severity=WARNING,
    explanation="""
The file is read as if its lines ended in LF. One kind of line end in all files of a product line keeps
comparisons of versions readable; `kistdsl fmt` writes LF.
""",
    bad=_GOOD.replace("\n", "\r\n"),
    good=_GOOD,
)

LONE_RETURN = Code(
    code="K012",
    slug="lone-carriage-return",
    title="a line that ends in CR alone",
    severity=ERROR,
    explanation="""
Very old programs end lines with a carriage return alone. It is no line end here, so a comment before it
would swallow the next line without a word.
""",
    bad="# dark spots\r" + _GOOD,
    good="# dark spots\n" + _GOOD,
)

TAB = Code(
    code="K013",
    slug="tab",
    title="a tab where spaces belong",
    severity=WARNING,
    explanation="""
A tab is read like a space, but every editor shows it with another width. Said once a file;
`kistdsl fmt` replaces all of them.
""",
    bad="IF area\tis high THEN anomalous\n",
    good="IF area is high THEN anomalous\n",
)

TYPOGRAPHIC_QUOTE = Code(
    code="K014",
    slug="typographic-quote",
    title="a quote that is not a straight double quote",
    severity=ERROR,
    explanation="""
Word processors replace straight quotes by curly ones. Texts stand between straight double quotes only.
""",
    bad="product “Magnetic tile”\n" + _GOOD,
    good='product "Magnetic tile"\n' + _GOOD,
)

MALFORMED_NUMBER = Code(
    code="K015",
    slug="malformed-number",
    title="a word that begins like a number",
    severity=ERROR,
    explanation="""
Numbers look like `0.8`, `.5`, `1e-3`, `2%`, `inf`, `-inf`. Units are not written: each property has its own.
""",
    bad="property gray scale 255px\n" + _GOOD,
    good="property gray scale 255\n" + _GOOD,
)

SYNTAX: tuple[Code, ...] = (
    UNEXPECTED,
    BAD_CHARACTER,
    DECIMAL_COMMA,
    UNCLOSED_TEXT,
    NUMBER_TOO_LARGE,
    PAIRS,
    TOO_DEEP,
    FILE_TOO_LARGE,
    NOT_UTF8,
    BYTE_ORDER_MARK,
    WINDOWS_LINE_ENDS,
    LONE_RETURN,
    TAB,
    TYPOGRAPHIC_QUOTE,
    MALFORMED_NUMBER,
)
