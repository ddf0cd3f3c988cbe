"""The analyses of a checked program, one file each, in the order in which they run.

One cause gives one report: a check leaves out what an earlier one in its family reports at its root. A term
that can never hold is reported at the term, not at each rule that it bars; a rule that cannot fire is not
searched for redundant clauses or compared with others; a class without a winning rule is reported once.
"""

from __future__ import annotations

from kistdsl.language.checks import (
    always_true,
    contradicting_cases,
    contradictory,
    dead_branch,
    double_negation,
    duplicate_clause,
    duplicate_rule,
    failing_test,
    gap,
    hedge_without_effect,
    identical_terms,
    impossible_value,
    out_of_reach,
    own_term_on_standard_scale,
    redundant_clause,
    shadowed_rule,
    single_value,
    subsumed_rule,
    term_below_one,
    term_covers_range,
    term_cut_off,
    term_out_of_range,
    terms_out_of_order,
    truth_below_alpha,
    unreachable_class,
    unreachable_expectation,
    unused_class,
    unused_property,
    unused_term,
    useless_setting,
)
from kistdsl.language.codes import Check

CHECKS: tuple[Check, ...] = (
    # --- K2: terms and numbers ---
    term_below_one.CHECK,
    term_out_of_range.CHECK,
    term_cut_off.CHECK,
    term_covers_range.CHECK,
    identical_terms.CHECK,
    terms_out_of_order.CHECK,
    gap.CHECK,
    unused_term.CHECK,
    unused_property.CHECK,
    unused_class.CHECK,
    own_term_on_standard_scale.CHECK,
    # --- K3: one rule ---
    contradictory.CHECK,
    truth_below_alpha.CHECK,
    out_of_reach.CHECK,
    always_true.CHECK,
    double_negation.CHECK,
    duplicate_clause.CHECK,
    redundant_clause.CHECK,
    dead_branch.CHECK,
    hedge_without_effect.CHECK,
    single_value.CHECK,
    # --- K4: the rule set ---
    duplicate_rule.CHECK,
    subsumed_rule.CHECK,
    unreachable_class.CHECK,
    shadowed_rule.CHECK,
    # --- K5: tests ---
    failing_test.CHECK,
    unreachable_expectation.CHECK,
    impossible_value.CHECK,
    contradicting_cases.CHECK,
    useless_setting.CHECK,
)
