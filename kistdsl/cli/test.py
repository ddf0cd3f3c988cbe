"""`kistdsl test`: run the tests that rule files carry."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from kistdsl.atomic import write_text
from kistdsl.cli import reports
from kistdsl.cli.console import Console, add_verbosity
from kistdsl.cli.junit import JUnitCase, JUnitSuite, junit_xml
from kistdsl.diagnostics import Diagnostic, InputError, RuleError
from kistdsl.language import checked
from kistdsl.language.analysis import propositions
from kistdsl.language.grading import RuleGrade, membership
from kistdsl.language.meaning import meaning_of
from kistdsl.language.tests import (
    CaseResult,
    Coverage,
    bounds_text,
    case_text,
    coverage,
    digits,
    outcome_text,
    run_tests,
    values_of,
)
from kistdsl.language.user_properties import installed
from kistdsl.schema import Schema


def configure(parser: argparse.ArgumentParser) -> None:
    reports.add_files(parser, "rule files whose tests to run")
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML too")
    parser.add_argument(
        "--coverage-threshold",
        type=_percent,
        metavar="P",
        help="exit with 1 where fewer than P percent of a file's rules reach alpha in some case",
    )
    reports.add_colour(parser)
    add_verbosity(parser)


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(f"{text} is not a percentage from 0 to 100")
    return value


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came out of one file: cases and coverage, or the errors that leave it without a meaning."""

    name: str
    cases: tuple[CaseResult, ...]
    coverage: Coverage
    errors: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(case for case in self.cases if not case.passed)


def run(args: argparse.Namespace) -> int:
    console = Console.of(args)
    results: list[FileResult] = []
    unreadable = False
    schema = installed()
    for name in reports.expanded(args.files):
        try:
            result = _test(name, args.stdin_filename, schema)
        except InputError as error:
            print(f"kistdsl: {error}", file=sys.stderr)
            unreadable = True
            continue
        results.append(result)
        reports.show(result.errors, "full", args.color)
        reports.write(_text(result, args.verbose))
    if args.junit is not None:
        write_text(args.junit, junit_xml([_suite(result) for result in results]))
    short = [r for r in results if _below(r, args.coverage_threshold)]
    for result in short:
        print(
            f"kistdsl: {result.name}: rule coverage {result.coverage.percent:.0f}% is below "
            f"{args.coverage_threshold:g}%",
            file=sys.stderr,
        )
    console.say(_summary(results))
    if unreadable:
        return 2
    return int(bool(short) or any(r.failed or r.errors for r in results))


def _test(name: str, stdin_name: str, schema: Schema) -> FileResult:
    loaded = reports.load(name, stdin_name)
    try:
        program = meaning_of(loaded, schema)
    except RuleError as error:
        return FileResult(loaded.source.name, (), Coverage((), ()), error.diagnostics)
    cases = run_tests(program)
    return FileResult(loaded.source.name, cases, coverage(program, cases))


def _below(result: FileResult, threshold: float | None) -> bool:
    return threshold is not None and not result.errors and result.coverage.percent < threshold


# --- text ------------------------------------------------------------------------------------


def _text(result: FileResult, verbose: bool) -> str:
    if result.errors:
        return f"{result.name}: not run, the rules have no meaning\n"
    lines = [f"{_failure(case)}\n" for case in result.failed]
    if verbose:
        lines += [f"passed {_place(case)} {case_text(case.case)}\n" for case in result.cases if case.passed]
    return "".join([*lines, f"{_line(result)}\n"])


def _line(result: FileResult) -> str:
    rules = len(result.coverage.covered) + len(result.coverage.missed)
    passed = len(result.cases) - len(result.failed)
    counts = f"{passed} passed, {len(result.failed)} failed" if result.cases else "no tests"
    text = f"{result.name}: {counts}; rules covered: {len(result.coverage.covered)} of {rules}"
    missed = result.coverage.missed
    return f"{text} (not {', '.join(missed)})" if missed and result.cases else text


def _place(case: CaseResult) -> str:
    span = case.case.span
    line, column = span.source.position(span.start)
    return f"{span.source.name}:{line}:{column}"


def _failure(result: CaseResult) -> str:
    lines = [
        f'FAILED {_place(result)} "{result.test}"',
        f"  {case_text(result.case)}",
        f"  {outcome_text(result)}",
        *(f"    {line}" for grade in _shown(result) for line in _trace(grade, result)),
    ]
    return "\n".join(lines)


def _shown(result: CaseResult) -> tuple[RuleGrade, ...]:
    """The rules that the expectation speaks of, and the one that decided instead."""
    rival = (result.rival,) if result.rival is not None else ()
    return (*rival, *result.counting)


def _trace(grade: RuleGrade, result: CaseResult) -> list[str]:
    rule = grade.rule
    head = f"{rule.name}: {bounds_text(grade.grade)} = {rule.truth_value:g} x {bounds_text(grade.truth)}"
    return [head, *(f"  {_clause(clause, result)}" for clause in propositions(rule.condition))]


def _clause(clause: checked.Proposition, result: CaseResult) -> str:
    values = values_of(result.case)
    known = clause.column in values
    text = digits(membership(clause, values[clause.column])) if known else "between 0.00 and 1.00 (not given)"
    return f"{' '.join(clause.span.text.split())}: {text}"


def _summary(results: list[FileResult]) -> str:
    cases = sum(len(r.cases) for r in results)
    failed = sum(len(r.failed) for r in results)
    broken = sum(bool(r.errors) for r in results)
    text = f"{len(results)} file{'s' if len(results) != 1 else ''}, {cases - failed} passed, {failed} failed"
    return f"{text}, {broken} with errors" if broken else text


# --- JUnit -----------------------------------------------------------------------------------


def _suite(result: FileResult) -> JUnitSuite:
    if result.errors:
        first = result.errors[0]
        details = "\n".join(f"{d.span.line}: {d.code} {d.message}" for d in result.errors)
        case = JUnitCase("rules", first.span.line, error=(first.message, details))
        return JUnitSuite(result.name, (case,))
    return JUnitSuite(result.name, tuple(_junit_case(case) for case in result.cases))


def _junit_case(result: CaseResult) -> JUnitCase:
    name = f"{result.test}: {case_text(result.case)}"
    failure = None if result.passed else (outcome_text(result), _failure(result))
    return JUnitCase(name, result.case.span.line, failure)
