"""Pieces of a page: tables, sections, and the style that they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2126; --soft: #5b6470; --line: #d5d9de; --panel: #f4f5f6;
  --normal: #0072b2; --anomalous: #c44e00; --third: #007a5a; --fourth: #9a4d82;
  --keyword: #0059a8; --string: #7a4b00; --number: #9a2f6b; --comment: #5f6b63; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8eaed; --soft: #a9b1ba;
  --line: #3a4149; --panel: #1f2428; --normal: #56b4e9; --anomalous: #f0a04b; --third: #3ecf9f; --fourth: #e39ac7;
  --keyword: #7cc0ff; --string: #f2c77e; --number: #f0a3cf; --comment: #93a398; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .5rem;
  border-bottom: 1px solid var(--line); padding-bottom: .2rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { max-width: 46rem; margin: .4rem 0; } .soft, figcaption, caption { color: var(--soft); font-size: .87rem; }
.verdict { font-size: 1.12rem; border-left: .3rem solid var(--normal); padding: .5rem .9rem; background: var(--panel); }
nav { display: flex; flex-wrap: wrap; gap: .1rem .9rem; } nav a { white-space: nowrap; } a { color: var(--keyword); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--anomalous); outline-offset: 2px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .3rem; min-width: min(24rem, 80vw); }
th, td { padding: .28rem .7rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid var(--soft); }
td small { display: block; color: var(--soft); white-space: nowrap; } td.best { font-weight: 650; } td small { font-weight: 400; }
pre { background: var(--panel); padding: .8rem 1rem; overflow-x: auto; font-size: .85rem; line-height: 1.45; }
.kw { color: var(--keyword); font-weight: 600; } .st { color: var(--string); } .nu { color: var(--number); }
.co { color: var(--comment); font-style: italic; }
figure { margin: .6rem 0 1.2rem; } svg { width: 100%; max-width: 44rem; height: auto; font-size: 12px; }
svg text { fill: var(--ink); } svg .axis { stroke: var(--soft); } svg .grid { stroke: var(--line); }
.grid2 { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(27rem, 100%), 1fr)); gap: .4rem 1.4rem; }
.case { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .4rem; margin: .3rem 0 1rem; max-width: 48rem; }
.case figure, .labels figure { margin: 0; } .case img { width: 100%; display: block; }
.labels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(12rem, 100%), 1fr)); gap: .8rem; }
.labels img { width: auto; max-width: 100%; max-height: 14rem; display: block; }
.mark { display: inline-block; min-width: 1.3em; padding: 0 .25em; border-radius: .2em; text-align: center; font-size: .8em;
  font-weight: 700; font-style: normal; line-height: 1.4; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.whole { white-space: nowrap; } pre .mark { margin-right: .5em; } .mark[data-number]::before { content: attr(data-number); }
.marks { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .5rem 0; font-size: .87rem; }
.key { print-color-adjust: exact; -webkit-print-color-adjust: exact; display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em; vertical-align: -.05em; }
summary { cursor: pointer; font-weight: 600; margin: .5rem 0; } figcaption { overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  figure, .case, tr, .grid2 > div { break-inside: avoid; } h2, h3, .legend { break-after: avoid; } pre { white-space: pre-wrap; }
  .verdict, pre { border: 1px solid var(--line); } .scroll { overflow: visible; }
  .grid2 { grid-template-columns: 1fr 1fr; } details::details-content { content-visibility: visible; display: block; } }
"""
"""Colours are custom properties (Okabe and Ito's, told apart by the colour-blind): one set for light and print,
one for dark."""


def page(title: str, body: Iterable[str]) -> str:
    """A whole page that asks for nothing from outside; an empty icon keeps browsers from asking for one."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{STYLE}</style></head>\n<body>\n'
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def section(identifier: str, title: str, *parts: str) -> str:
    """A section under a heading; nothing if all its parts are empty."""
    inside = "\n".join(part for part in parts if part)
    return f'<section id="{identifier}"><h2>{escape(title)}</h2>\n{inside}</section>' if inside else ""


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{f' class={kind}' if kind else ''}>{escape(text)}</p>"


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; `caption` and `head` are plain text, cells are HTML, `<td>` included or not."""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cell(content: str) -> str:
    return content if content.startswith("<td") else f"<td>{content}</td>"


def figure(picture: str, caption: str) -> str:
    """A picture over its caption (plain text)."""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
