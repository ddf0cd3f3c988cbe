"""What each keyword does, in one line: for hover and completion."""

from __future__ import annotations

from kistdsl.language.norms import FAMILIES
from kistdsl.language.wording import enumeration

MEANINGS: dict[str, str] = {
    "product": 'the product line\'s name, `product "Magnetic tile"`',
    "include": 'another file\'s statements, `include "other.kr"`',
    "property": "how a property is scaled, `property area high at 2%`",
    "scale": "the scale factor gamma itself: v' = v / gamma",
    "at": "`high at V`: the value V counts as high, gamma = V / 0.8",
    "doc": "a text about the property",
    "term": "a fuzzy set, `term dark of gray = zmf(30, 60)`",
    "of": "the property that a term belongs to, in its own unit",
    "alpha": "the grade from which a region is anomalous (default 0.8)",
    "class": "a defect class beside `anomalous`",
    "norms": f"what AND and OR compute: {enumeration(list(FAMILIES), 'or')}",
    "rule": "a named rule, `rule stain: IF ... THEN ...`",
    "if": "the condition of a rule",
    "then": "the class that a rule votes for, and its truth value",
    "is": "a property fits a term",
    "not": "the opposite: 1 - x",
    "and": "both must hold: the smaller value (zadeh norms)",
    "or": "one is enough: the larger value (zadeh norms)",
    "test": "cases that the rules must pass",
    "by": "the rule that must decide a test case",
    "very": "x * x: stricter",
    "extremely": "x * x * x: much stricter",
    "somewhat": "square root of x: looser",
    "slightly": "cube root of x: much looser",
    "inf": "no limit on that side",
}
