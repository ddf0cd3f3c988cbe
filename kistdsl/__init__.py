"""kistdsl: fuzzy rules for defects, compiled, and used to teach a reconstruction network.

```python
import kistdsl

rules = kistdsl.load("rules/mtd.kr")
grades = rules.grade({"area": [0.03], "gray": [31.0], ...})
```

Public names load on first use: importing kistdsl imports nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from kistdsl._version import __version__

if TYPE_CHECKING:
    from kistdsl.diagnostics import InputError as InputError
    from kistdsl.diagnostics import KistError as KistError
    from kistdsl.diagnostics import RuleError as RuleError
    from kistdsl.engine.pseudo_labels import pseudo_label as pseudo_label
    from kistdsl.engine.pseudo_labels import pseudo_labels as pseudo_labels
    from kistdsl.engine.rule_set import Evaluation as Evaluation
    from kistdsl.engine.rule_set import RuleSet as RuleSet
    from kistdsl.engine.rule_set import compile as compile
    from kistdsl.engine.rule_set import load as load
    from kistdsl.language.user_properties import property as property
    from kistdsl.regions.maps import CandidateMap as CandidateMap
    from kistdsl.regions.region import Region as Region
    from kistdsl.regions.thresholds import thresholds as thresholds

_WHERE: dict[str, str] = {
    "CandidateMap": "kistdsl.regions.maps",
    "Evaluation": "kistdsl.engine.rule_set",
    "InputError": "kistdsl.diagnostics",
    "KistError": "kistdsl.diagnostics",
    "Region": "kistdsl.regions.region",
    "RuleError": "kistdsl.diagnostics",
    "RuleSet": "kistdsl.engine.rule_set",
    "compile": "kistdsl.engine.rule_set",
    "load": "kistdsl.engine.rule_set",
    "property": "kistdsl.language.user_properties",
    "pseudo_label": "kistdsl.engine.pseudo_labels",
    "pseudo_labels": "kistdsl.engine.pseudo_labels",
    "thresholds": "kistdsl.regions.thresholds",
}
"""Public name -> the module that defines it."""

__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'kistdsl' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
