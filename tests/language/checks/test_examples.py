"""Every check's own examples, the order of the codes, and what silences a check."""

from __future__ import annotations

import pytest

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language.check import check_text
from kistdsl.language.checks import CHECKS
from kistdsl.language.codes import Check
from kistdsl.schema import BUILTIN


def found(text: str) -> tuple[Diagnostic, ...]:
    return check_text(Source("example.kr", text), BUILTIN).diagnostics


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.slug)
def test_bad_and_good(check: Check) -> None:
    reports = found(check.bad)
    assert [d.code for d in reports] == [check.code]
    assert reports[0].slug == check.slug
    assert reports[0].severity == "warning"
    assert not found(check.good)
    assert check.explanation.strip()
    assert check.title[0].islower()
    assert not check.title.endswith(".")


def test_codes_and_slugs_are_unique_and_in_order() -> None:
    codes = [check.code for check in CHECKS]
    assert codes == sorted(codes)
    assert len(set(codes)) == len(codes)
    assert len({check.slug for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.slug)
def test_a_comment_silences(check: Check) -> None:
    (report,) = found(check.bad)
    lines = check.bad.splitlines()
    lines[report.span.line - 1] += f"  # kr: ignore[{check.slug}] meant so"
    assert not found("\n".join(lines) + "\n")


@pytest.mark.parametrize("norms", ["product", "lukasiewicz"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.slug)
def test_under_other_norms_nothing_is_claimed_that_zadeh_proves(check: Check, norms: str) -> None:
    codes = {d.code for d in found(f"norms {norms}\n{check.good}")}
    assert not codes & {"K301", "K303", "K304", "K306", "K307", "K308", "K401", "K402", "K403", "K404"}


def test_a_file_of_definitions_alone_is_not_called_unused() -> None:
    assert not found("class crack\nproperty gray scale 200\nterm dark of gray = trapmf(0, 0, 40, 60)\n")


def test_the_grade_is_the_truth_value_times_the_truth() -> None:
    # min(truth, tv) would be 0.8 and reach alpha; 0.8 x 0.9 is 0.72.
    text = "term t of gray = points((0, 0.9), (255, 0.9))\nIF gray is t THEN anomalous (0.8)\n"
    (report,) = found(text)
    assert "rule `L2` can never fire" in report.message
    assert "K301" not in {d.code for d in found(text.replace("0.8)", "0.9)"))}


def test_a_tie_at_alpha_fires() -> None:
    assert not found("IF gray is low AND area is high THEN anomalous (0.8)\n")
