"""The audit as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from kistdsl._version import __version__
from kistdsl.cli.audit_charts import ANOMALOUS_FILL, NORMAL_FILL, distribution, thumbnail
from kistdsl.cli.audit_figures import Audit, Overlap, Picture, RuleFigures, remarks
from kistdsl.engine.rule_parts import RuleParts
from kistdsl.language import checked

_STYLE = f"""
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; color: #222; }}
h1 {{ font-size: 1.5em; }} h2 {{ margin-top: 2em; border-bottom: 1px solid #ccc; font-size: 1.2em; }}
table {{ border-collapse: collapse; margin: .8em 0; }}
th, td {{ padding: .25em .7em; text-align: right; border-bottom: 1px solid #e4e4e4; }}
th:first-child, td:first-child {{ text-align: left; }}
thead th {{ border-bottom: 1px solid #888; font-weight: 600; }}
pre {{ background: #f5f5f2; padding: .6em .8em; overflow-x: auto; }}
figure {{ display: inline-block; margin: 0 .7em .7em 0; vertical-align: top; max-width: 180px; }}
figcaption {{ font-size: .75em; color: #555; overflow-wrap: anywhere; }}
svg {{ width: 40em; max-width: 100%; font-size: 11px; }}
.normal {{ color: {NORMAL_FILL}; }} .anomalous {{ color: {ANOMALOUS_FILL}; }}
"""


def page(audit: Audit, *, rules_name: str, line_name: str, source: str, notes: list[str]) -> str:
    """The whole page.

    Args:
        audit: the figures.
        rules_name, line_name, source: files and folders as the user named them.
        notes: images that could not be read.
    """
    title = f"What the rules of {rules_name} do"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>On {audit.images[False]} normal and {audit.images[True]} anomalous images of "
        f"<b>{escape(line_name)}</b>, residuals of <b>{escape(source)}</b>, "
        f"{sum(audit.regions.values())} regions, alpha {audit.alpha:g}.</p>",
        _listing("To look at", list(remarks(audit))),
        _listing("Left out", notes),
        _firing_table([audit.everything, *audit.figures.values()], audit),
        _overlap_table([audit.everything, *audit.figures.values()]),
        *_rules(audit),
        "<h2>Properties</h2>",
        '<p>Regions of <span class="normal">normal</span> and of <span class="anomalous">anomalous</span> images '
        "(heights are square roots of shares, so that rare values show), with the terms that rules use.</p>",
        *_properties(audit),
        f"<p><small>kistdsl {__version__}, rules {escape(audit.rules.source_hash[:12])}</small></p>",
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>{chr(10).join(body)}</body></html>\n"
    )


def _listing(title: str, items: list[str]) -> str:
    if not items:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Cells are escaped."""
    cells = "".join(f"<th>{escape(h)}</th>" for h in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _firing_table(figures: list[RuleFigures], audit: Audit) -> str:
    head = ["rule"]
    for kind in ("normal", "anomalous"):
        head += [f"{kind} images", f"{kind} regions", f"{kind} pixels"]
    rows = []
    for rule in figures:
        row = [rule.name]
        for anomalous, firing in ((False, rule.normal), (True, rule.anomalous)):
            row += [
                f"{firing.images} of {audit.images[anomalous]}",
                f"{firing.regions} of {audit.regions[anomalous]}",
                percent(firing.pixels / max(audit.pixels[anomalous], 1)),
            ]
        rows.append(row)
    return "<h2>How often each rule fires</h2>" + _table(head, rows)


def _overlap_table(figures: list[RuleFigures]) -> str:
    kinds = sorted({kind for rule in figures for kind in rule.by_type})
    if not kinds:
        return ""
    rows = [[rule.name, *(_overlap(rule.by_type.get(kind, Overlap())) for kind in kinds)] for rule in figures]
    return "<h2>Precision / recall of the labelled pixels, by defect type</h2>" + _table(
        ["rule", *kinds], rows
    )


def _overlap(overlap: Overlap) -> str:
    precision, recall = overlap.precision, overlap.recall
    return (
        f"{'-' if precision is None else percent(precision)} / {'-' if recall is None else percent(recall)}"
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 or share == 0 else f"{100 * share:.3f} %"


def _rules(audit: Audit) -> Iterator[str]:
    for rule in audit.rules.rules:
        figures = audit.figures[rule.name]
        yield f"<h2>{escape(rule.name)}</h2>"
        yield f"<pre>{escape(rule.span.text)}</pre>"
        head = [
            "proposition",
            "true enough",
            "lets it fire: normal",
            "anomalous",
            "alone stops it: normal",
            "anomalous",
        ]
        total = max(sum(audit.regions.values()), 1)
        yield _table(
            head,
            [[p.text, percent(p.true / total), *map(str, (*p.lets, *p.stops))] for p in figures.propositions],
        )
        for anomalous, title in ((False, "Normal images"), (True, "Anomalous images")):
            yield _gallery(title, figures.shown[anomalous])


def _gallery(title: str, pictures: list[Picture]) -> str:
    if not pictures:
        return f"<p>{title}: labels nothing.</p>"
    figures = "".join(
        f'<figure><img src="{thumbnail(picture)}" alt=""><figcaption>{escape(picture.seen.item.name)}: '
        f"{picture.area} px</figcaption></figure>"
        for picture in pictures
    )
    return f"<p>{title} with the largest labels (red; ground truth green):</p>{figures}"


def _properties(audit: Audit) -> Iterator[str]:
    uses = [p for rule in audit.rules.rules for p in RuleParts(audit.rules.program, rule).propositions]
    for column in audit.rules.program.columns:
        terms: dict[str, tuple[checked.Term, float]] = {
            p.term.name: (p.term, p.divisor) for p in uses if p.column == column.name
        }
        yield f"<h3>{escape(column.name)}</h3><p>{escape(column.spec.doc)}: {escape(column.spec.formula)}</p>"
        yield distribution(
            column,
            list(terms.values()),
            audit.values(column.name, anomalous=False),
            audit.values(column.name, anomalous=True),
        )
