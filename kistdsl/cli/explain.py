"""`kistdsl explain`: why a region gets its grade, rule by rule."""

from __future__ import annotations

import argparse
import json

from kistdsl.cli.console import add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", help="rule file (.kr)")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--set",
        dest="settings",
        nargs="+",
        action="extend",
        metavar="PROPERTY=VALUE",
        help="the region: a value for each property that the rules use, such as area=2%% gray=31",
    )
    given.add_argument("--table", metavar="T", help="CSV or Parquet file that holds the region")
    parser.add_argument("--row", type=int, metavar="N", help="which row of the table, counted from 1")
    parser.add_argument(
        "--why-not", metavar="RULE", help="why this rule does not decide, and what would let it"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    from kistdsl.cli.explaining import report, why_not_report
    from kistdsl.cli.region_values import region_values
    from kistdsl.engine.explain import explain, why_not
    from kistdsl.engine.rule_set import load

    rules = load(args.rules)
    row = region_values(rules, args)
    if args.why_not is not None:
        answer = why_not(rules, row, args.why_not)
        print(
            json.dumps(answer.to_dict(), indent=2) if args.format == "json" else why_not_report(rules, answer)
        )
        return 0
    explanation = explain(rules, row)
    print(
        json.dumps(explanation.to_dict(), indent=2) if args.format == "json" else report(rules, explanation)
    )
    return 0
