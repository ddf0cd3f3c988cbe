"""The grid's results as tables: measured mean and spread beside the paper's figures."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from kistdsl.kist.config import Settings
from kistdsl.kist.paper_figures import PAPER, column_of

Metrics = Mapping[str, Any]

FIGURES = {"pixel_auroc": "pixel AUROC", "aupro": "AUPRO", "per_image_auroc": "per-image AUROC"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One model of one finished run.

    Attributes:
        product, network, seed: of the run; network "-" for a hand-made map.
        row: what the tables call it: a method, "KIST", "baseline, trained as long", a control, an ablation.
        method: its name in the paper's tables, else "".
        model: its object in metrics.json.
    """

    product: str
    network: str
    seed: int
    row: str
    method: str
    model: Metrics


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of text."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def outcomes(product: str, settings: Settings, variant: str, metrics: Metrics) -> list[Outcome]:
    """The models of one run, under the names of the tables."""
    made = []
    for model in metrics["models"]:
        row, method = _row(variant, model["name"], settings.base)
        if row:
            made.append(Outcome(product, settings.model, settings.seed, row, method, model))
    return made


def plain_outcome(product: str, seed: int, name: str, metrics: Metrics) -> Outcome:
    """A hand-made map."""
    return Outcome(product, "-", seed, f"no network: {name}", "", metrics["models"][0])


def _row(variant: str, name: str, base: str) -> tuple[str, str]:
    """(row, method of the paper) of one model; an initial model of a control is nobody's row.

    The paper has KIST on L2 alone; on another `base` its row says so.
    """
    on = "" if base == "l2" else f" on {base}"
    if variant == "kist":
        return {
            "initial": _rival(base),
            "baseline": (f"baseline{on}, trained as long", ""),
            "kist": (f"KIST{on}", "" if on else "kist"),
        }[name]
    if name == "initial":
        return ("", "") if " " in variant else _rival(variant)
    return (f"{variant}{on}", "") if name == "kist" else ("", "")


def _rival(method: str) -> tuple[str, str]:
    return ("baseline" if method == "l2" else method), method


def distinct(found: Iterable[Outcome]) -> list[Outcome]:
    """One outcome a product, network, seed and row: the baseline of `l2` is also KIST's initial model."""
    kept: dict[tuple[str, str, int, str], Outcome] = {}
    for outcome in found:
        kept.setdefault((outcome.product, outcome.network, outcome.seed, outcome.row), outcome)
    return list(kept.values())


def curve_table(product: str, histories: Mapping[str, Sequence[Sequence[Mapping[str, str]]]]) -> Table:
    """Fig. 8: AUROC / AUPRO after each iteration (0: the initial model), over seeds.

    Args:
        product: name of the line.
        histories: by network, the rows of history.csv of each seed; a run that stopped early counts as
            far as it went.
    """
    longest = max((len(rows) for runs in histories.values() for rows in runs), default=0)
    lines = []
    for network, runs in histories.items():
        cells = []
        for number in range(longest):
            at = [rows[number] for rows in runs if number < len(rows)]
            pair = (spread([_number(row.get(key, "")) for row in at]) for key in ("pixel_auroc", "aupro"))
            cells.append(" / ".join(pair))
        lines.append((network, *cells))
    head = ("network", *(f"iteration {number}" for number in range(longest)))
    return Table(f"Fig. 8: {product}, pixel AUROC / AUPRO (%)", head, tuple(lines))


def _number(text: str) -> float | None:
    return float(text) if text else None


def spread(values: Sequence[float | None]) -> str:
    """Mean and standard deviation in percent, `87.8 (2.1)`; one value stands alone, none is a dash."""
    known = [100 * value for value in values if value is not None]
    if not known:
        return "-"
    return f"{mean(known):.1f}" + (f" ({stdev(known):.1f})" if len(known) > 1 else "")


def tables(found: Sequence[Outcome]) -> list[Table]:
    """Tables II and III, per-image AUROC, and each defect type; again without the excluded types."""
    made = []
    for kind, raw, suffix in (("figures", "raw", ""), ("without", "raw_without", ", without excluded types")):
        chosen = [outcome for outcome in found if outcome.model.get(kind)]
        if not chosen:
            continue
        for key, name in FIGURES.items():
            title = {"pixel_auroc": "Table II: ", "aupro": "Table III: "}.get(key, "") + name + suffix
            made.append(_figure_table(title, chosen, key, kind, raw))
        made += [_type_table(product, chosen, kind, suffix) for product in _products(chosen)]
    return made


def _products(found: Iterable[Outcome]) -> list[str]:
    return list(dict.fromkeys(outcome.product for outcome in found))


def _figure_table(title: str, found: Sequence[Outcome], key: str, kind: str, raw: str) -> Table:
    products = _products(found)
    columns = ("", " w/o filter", " paper")
    head = ("method", "network", "seeds", *(p + column for p in products for column in columns))
    rows = []
    for row, network in _rows(found):
        cells = [row, network, str(len({o.seed for o in found if (o.row, o.network) == (row, network)}))]
        for product in products:
            own = [o for o in found if (o.row, o.network, o.product) == (row, network, product)]
            cells.append(spread([o.model[kind][key] for o in own]))
            cells.append(spread([o.model[raw][key] for o in own]))
            cells.append(_paper(own, product, key))
        rows.append(tuple(cells))
    return Table(f"{title} (%)", head, tuple(rows))


def _rows(found: Sequence[Outcome]) -> list[tuple[str, str]]:
    """(row, network), networks together, in the order in which they came."""
    keys = dict.fromkeys((outcome.row, outcome.network) for outcome in found)
    networks = list(dict.fromkeys(network for _, network in keys))
    return sorted(keys, key=lambda key: networks.index(key[1]))


def _paper(own: Sequence[Outcome], product: str, key: str) -> str:
    column = column_of(product)
    figures = PAPER.get((own[0].method, own[0].network)) if own else None
    if column is None or figures is None or key == "per_image_auroc":
        return ""
    return str((figures.auroc if key == "pixel_auroc" else figures.aupro)[column])


def _type_table(product: str, found: Sequence[Outcome], kind: str, suffix: str) -> Table:
    """AUROC / AUPRO by defect type of one line, and their mean, in which no type rules by its area."""
    own = [outcome for outcome in found if outcome.product == product]
    types = list(own[0].model[kind]["by_type"])
    rows = []
    for row, network in _rows(own):
        models = [o.model[kind]["by_type"] for o in own if (o.row, o.network) == (row, network)]
        by_key = {key: [[m[t][key] for t in types] for m in models] for key in ("pixel_auroc", "aupro")}
        with_mean = ([[*figures, _mean(figures)] for figures in seeds] for seeds in by_key.values())
        pairs = zip(
            *([spread(column) for column in zip(*seeds, strict=True)] for seeds in with_mean), strict=True
        )
        rows.append((row, network, *(" / ".join(pair) for pair in pairs)))
    title = f"{product}, pixel AUROC / AUPRO by defect type{suffix} (%)"
    return Table(title, ("method", "network", *types, "mean of types"), tuple(rows))


def _mean(values: Sequence[float | None]) -> float | None:
    """Mean of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def as_markdown(made: Sequence[Table], notes: Sequence[str] = ()) -> str:
    """Headed Markdown tables under `notes`."""
    parts = ["\n".join(notes)] if notes else []
    for table in made:
        lines = [table.head, tuple("---" for _ in table.head), *table.rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(f"## {table.title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def as_html(made: Sequence[Table], notes: Sequence[str] = ()) -> str:
    """One self-contained page."""
    parts = [f"<p>{html.escape(note)}</p>" for note in notes]
    for table in made:
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in table.head)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n"
            for row in table.rows
        )
        parts.append(f"<h2>{html.escape(table.title)}</h2>\n<table><tr>{head}</tr>\n{rows}</table>")
    style = (
        "body{font:15px sans-serif;margin:2em;color:#222}table{border-collapse:collapse}"
        "th,td{padding:.25em .7em;border-bottom:1px solid #ccc;text-align:right}"
        "th:first-child,td:first-child{text-align:left}"
    )
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>kistdsl reproduce</title>'
        f"<style>{style}</style></head>\n<body><h1>kistdsl reproduce</h1>\n{body}\n</body></html>\n"
    )
