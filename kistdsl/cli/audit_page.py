"""The audit as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from kistdsl._version import __version__
from kistdsl.cli.audit_charts import Term, contour_key, distribution, first_up, share_bars, thumbnail
from kistdsl.cli.audit_figures import ALL_RULES, SHOWN, Audit, Overlap, Picture, RuleFigures, remarks
from kistdsl.engine.rule_parts import RuleParts
from kistdsl.language import checked
from kistdsl.report.highlight import highlighted
from kistdsl.report.html import page as whole_page
from kistdsl.report.html import paragraph, section, table


def page(audit: Audit, *, rules_name: str, line_name: str, source: str, notes: list[str]) -> str:
    """The whole page.

    Args:
        audit: the figures.
        rules_name, line_name, source: files and folders as the user named them.
        notes: images that could not be read.
    """
    title = f"What the rules of {rules_name} do"
    subtitle = (
        f"{audit.images[False]} normal and {audit.images[True]} anomalous images of {line_name}, residuals of "
        f"{source}; {sum(audit.regions.values())} regions, alpha {audit.alpha:g}"
    )
    everything = [audit.everything, *audit.figures.values()]
    return whole_page(
        title,
        [
            f"<header><h1>{escape(title)}</h1>{paragraph(subtitle, 'soft')}",
            f"{paragraph(_verdict(audit), 'verdict')}{_menu(audit)}</header><main>",
            section("look", "To look at", _listing(list(remarks(audit)))),
            section("left-out", "Left out", _listing(notes)),
            section("firing", "How often each rule fires", _firing_table(everything, audit)),
            section("overlap", "How well labels fit the masks", _overlap_table(everything)),
            *_rules(audit),
            _missed(audit),
            _properties(audit),
            f'</main><footer class="soft"><p>kistdsl {__version__}, rules {escape(audit.rules.source_hash[:12])}'
            "</p></footer>",
        ],
    )


def _verdict(audit: Audit) -> str:
    """What all rules together do, in a sentence."""
    figures = audit.everything
    parts = [
        f"{firing.images} of {audit.images[anomalous]} {name} images "
        f"({percent(_share(audit, figures, anomalous))} of their pixels)"
        for anomalous, name, firing in (
            (False, "normal", figures.normal),
            (True, "anomalous", figures.anomalous),
        )
    ]
    return f"Together the rules label something on {' and '.join(parts)}."


def _share(audit: Audit, figures: RuleFigures, anomalous: bool) -> float:
    """Share of the pixels of normal or anomalous images that are labelled."""
    return figures.on(anomalous).pixels / max(audit.pixels[anomalous], 1)


def _menu(audit: Audit) -> str:
    entries = [("firing", "Overview"), *((_anchor(rule), rule.name) for rule in audit.rules.rules)]
    entries += [("missed", "Missed images")] if audit.missed else []
    links = [
        f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name in [*entries, ("properties", "Properties")]
    ]
    return f'<nav aria-label="sections">{"".join(links)}</nav>'


def _anchor(rule: checked.Rule) -> str:
    return f"rule-{escape(rule.name)}"


def _listing(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>" if items else ""


def _firing_table(figures: list[RuleFigures], audit: Audit) -> str:
    shares = [[_share(audit, rule, kind) for kind in (False, True)] for rule in figures]
    top = max(share for pair in shares for share in pair)
    head = ["rule"]
    for kind in ("normal", "anomalous"):
        head += [f"{kind} images", f"{kind} regions", f"{kind} pixels"]
    rows = []
    for rule, pair in zip(figures, shares, strict=True):
        row = [_name(rule)]
        for anomalous, firing in ((False, rule.normal), (True, rule.anomalous)):
            row += [
                f"{firing.images} of {audit.images[anomalous]}",
                f"{firing.regions} of {audit.regions[anomalous]}",
                percent(pair[anomalous]),
            ]
        rows.append([*row, share_bars(pair[False], pair[True], top)])
    caption = (
        "Images on which a rule labels anything, regions that reach alpha by it, and the share of pixels it labels; "
        "bars: shares of pixels, normal above anomalous. A good rule is rare on normal images."
    )
    if any(rule.normal.dropped or rule.anomalous.dropped for rule in figures):
        caption += (
            " Of a run, images and pixels are without what its training dropped as usual at its place; regions "
            "are with it."
        )
    return table(caption, [*head, ""], rows)


def _name(rule: RuleFigures) -> str:
    name = escape(rule.name)
    return f"<b>{name}</b>" if rule.name == ALL_RULES else f'<a href="#rule-{name}">{name}</a>'


def _overlap_table(figures: list[RuleFigures]) -> str:
    kinds = {kind: overlap for rule in figures for kind, overlap in sorted(rule.by_type.items())}
    if not kinds:
        return paragraph("There are no masks, so nothing is said of precision and recall.", "soft")
    rows = [
        [_name(rule), *(_overlap(rule.by_type.get(kind, Overlap())) for kind in kinds)] for rule in figures
    ]
    head = ["rule", *(f"{kind} ({overlap.images})" for kind, overlap in kinds.items())]
    return table(
        "Precision / recall by defect type (images with a mask in brackets): the share of the labelled pixels that "
        "are defect, and the share of the defect's pixels that are labelled.",
        head,
        rows,
    )


def _overlap(overlap: Overlap) -> str:
    precision, recall = overlap.precision, overlap.recall
    if not overlap.labelled:
        return '<td class="soft">labels nothing</td>'
    shown = [f"{100 * share:.0f} %" for share in (precision, recall) if share is not None]
    return " / ".join(shown)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 or share == 0 else f"{100 * share:.3f} %"


def _rules(audit: Audit) -> Iterator[str]:
    for number, rule in enumerate(audit.rules.rules):
        figures = audit.figures[rule.name]
        yield section(
            _anchor(rule),
            rule.name,
            highlighted(rule.span.text),
            _propositions(figures, audit, explained=number == 0),
            contour_key() if figures.shown[False] or figures.shown[True] else "",
            *(_gallery(audit, figures, anomalous) for anomalous in (False, True)),
        )


def _propositions(figures: RuleFigures, audit: Audit, *, explained: bool) -> str:
    total = max(sum(audit.regions.values()), 1)
    head = [
        "proposition",
        "true enough",
        "decides: normal",
        "decides: anomalous",
        "stops: normal",
        "stops: anomalous",
    ]
    rows = [
        [escape(p.text), percent(p.true / total), *map(str, (*p.lets, *p.stops))]
        for p in figures.propositions
    ]
    meaning = (
        " True enough: the proposition alone would let the rule reach alpha. Decides: regions "
        "that the rule fires for, and would not without this proposition. Stops: regions that it alone keeps the "
        "rule from firing for."
    )
    caption = f"Propositions of {figures.name}, on {total} regions.{meaning if explained else ''}"
    return table(caption, head, rows)


def _gallery(audit: Audit, figures: RuleFigures, anomalous: bool) -> str:
    name, firing = ("anomalous", figures.anomalous) if anomalous else ("normal", figures.normal)
    shown = figures.shown[anomalous]
    if not shown:
        return f"<h3>On {name} images: labels nothing</h3>"
    which = f", the largest {len(shown)}" if firing.images > len(shown) else ""
    title = f"On {name} images: {firing.images} of {audit.images[anomalous]}{which}"
    return f"<h3>{title}</h3>{_pictures(shown, figures.name)}"


def _pictures(shown: Sequence[Picture], who: str) -> str:
    return f'<div class="labels">{"".join(thumbnail(picture, who) for picture in shown)}</div>'


def _missed(audit: Audit) -> str:
    """Anomalous images on which no rule labels anything."""
    if not audit.missed:
        return ""
    count = audit.images[True] - audit.everything.anomalous.images
    which = f"; {SHOWN} of them" if count > SHOWN else ""
    return section(
        "missed",
        "Anomalous images without a label",
        paragraph(f"{count} of {audit.images[True]}{which}, those with the largest masks first.", "soft"),
        _pictures(audit.missed, "any rule"),
    )


def _properties(audit: Audit) -> str:
    program = audit.rules.program
    uses = [p for rule in audit.rules.rules for p in RuleParts(program, rule).propositions]
    plots = []
    for column in program.columns:
        terms: dict[str, Term] = {p.term.name: (p.term, p.divisor) for p in uses if p.column == column.name}
        told = f"{first_up(column.spec.doc.rstrip('.'))}: {column.spec.formula}. Gamma {column.gamma:g}."
        normal, anomalous = (audit.values(column.name, anomalous=kind) for kind in (False, True))
        plot = distribution(column, list(terms.values()), normal, anomalous)
        plots.append(f"<div><h3>{escape(column.name)}</h3>{paragraph(told, 'soft')}{plot}</div>")
    note = (
        "Filled: regions of normal and of anomalous images (heights are square roots of shares, so that rare values "
        "show). Lines: how far each word that rules use is true there."
    )
    return section(
        "properties", "Properties", paragraph(note, "soft"), f'<div class="grid2">{"".join(plots)}</div>'
    )
