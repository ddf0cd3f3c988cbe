"""`kistdsl grade RULES TABLE [-o OUT]`: grade a table of regions."""

from __future__ import annotations

import argparse
import contextlib

from kistdsl.cli.console import Console, add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", help="rule file (.kr)")
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="CSV or Parquet file, one region a row, a column for each property that the rules use; - reads CSV "
        "from standard input",
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        help="CSV or Parquet file to write: TABLE plus the columns grade, class, rule and anomalous "
        "(default: CSV on standard output)",
    )
    parser.add_argument(
        "--backend",
        choices=("numba", "numpy", "torch"),
        default="numba",
        help="what computes (default: numba, compiled)",
    )
    parser.add_argument(
        "--dtype", choices=("float64", "float32"), default="float64", help="arithmetic (default: float64)"
    )
    parser.add_argument(
        "--skip-missing",
        action="store_true",
        help="leave out rules that read a missing value (default: such a region has no grade)",
    )
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="threads for large pieces (default: 1)"
    )
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    from kistdsl.engine.files import Options, grade_file, row_count
    from kistdsl.engine.rule_set import load

    console = Console.of(args)
    rules = load(args.rules)
    options = Options(args.backend, args.dtype, args.skip_missing, max(1, args.threads))
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(console.progress("grading", row_count(args.table), unit="rows"))
        found = 0

        def listener(rows: int, anomalous: int) -> None:
            nonlocal found
            found += anomalous
            progress.advance(rows, f"{found} anomalous")

        rows, anomalous = grade_file(rules, args.table, args.out, options, listener)
    where = f" -> {args.out}" if args.out else ""
    console.say(f"{rows} regions, {anomalous} anomalous (grade >= {rules.alpha:g}){where}")
    return 0
