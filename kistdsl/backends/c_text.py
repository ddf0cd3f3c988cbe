"""The fixed parts of the C that `c_export` writes: `@name@` is filled in."""

from __future__ import annotations

from collections.abc import Mapping

from kistdsl.language import exactmath as em

HEADER = """\
/* Made by kistdsl @version@ from a rule file; change that and build again.
 *
 * A row holds the properties of one region, each in its own unit, in the order of
 * @prefix@_property_names; a property that is not known is NaN. All arithmetic is in double. Every
 * function may be called from many threads at once.
 */
#ifndef @PREFIX@_H
#define @PREFIX@_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define @PREFIX@_PRODUCT @product@
#define @PREFIX@_SOURCE_HASH @hash@
#define @PREFIX@_ALPHA @alpha@
#define @PREFIX@_PROPERTIES @properties@
#define @PREFIX@_RULES @rules@
#define @PREFIX@_CLASSES @classes@

/* Places in a row, with the range of the property. */
@columns@
extern const char *const @prefix@_property_names[];
extern const char *const @prefix@_property_units[];
extern const char *const @prefix@_rule_names[];
extern const char *const @prefix@_class_names[];

typedef struct {
    double grade;  /* 0 to 1; NaN when a rule reads a property that is NaN */
    int rule;      /* the first rule with that grade: place in @prefix@_rule_names; -1 when grade is NaN */
    int target;    /* its class: place in @prefix@_class_names; -1 likewise */
    int anomalous; /* 1 when grade >= alpha, else 0 */
} @prefix@_result;

/* The grade of one region, and who gave it. */
@prefix@_result @prefix@_evaluate(const double *row);

/* The grade alone. */
double @prefix@_grade(const double *row);

/* The grade of every rule, in the order of @prefix@_rule_names. */
void @prefix@_rule_grades(const double *row, double *grades);

/* The grades of n regions, whose rows follow one another. */
void @prefix@_grade_rows(const double *rows, size_t n, double *grades);

#ifdef __cplusplus
}
#endif

#endif
"""

SOURCE = """\
/* Made by kistdsl @version@ from a rule file; change that and build again. */
#include "@stem@.h"

#include <float.h>
#include <math.h>
#if defined(__FAST_MATH__) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "the rules need plain double arithmetic: no -ffast-math, no x87 (use -msse2 -mfpmath=sse)"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize ("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif

#define KR_INFINITY HUGE_VAL

const char *const @prefix@_property_names[] = {@property_names@};
const char *const @prefix@_property_units[] = {@property_units@};
const char *const @prefix@_rule_names[] = {@rule_names@};
const char *const @prefix@_class_names[] = {@class_names@};
static const int targets[] = {@targets@};

@helpers@
void @prefix@_rule_grades(const double *row, double *grades)
{
@body@
}

@prefix@_result @prefix@_evaluate(const double *row)
{
    double grades[@rows@];
    @prefix@_result result = {0.0, -1, -1, 0};
    int i;
    @prefix@_rule_grades(row, grades);
    for (i = 0; i < @PREFIX@_RULES; i++) {
        if (grades[i] != grades[i]) {
            result.grade = grades[i];
            result.rule = -1;
            result.target = -1;
            return result;
        }
        if (result.rule < 0 || grades[i] > result.grade) {
            result.grade = grades[i];
            result.rule = i;
            result.target = targets[i];
        }
    }
    result.anomalous = result.rule >= 0 && result.grade >= @PREFIX@_ALPHA;
    return result;
}

double @prefix@_grade(const double *row)
{
    return @prefix@_evaluate(row).grade;
}

void @prefix@_grade_rows(const double *rows, size_t n, double *grades)
{
    size_t i;
    for (i = 0; i < n; i++) {
        grades[i] = @prefix@_grade(rows + i * @PREFIX@_PROPERTIES);
    }
}
"""


def _function(declaration: str, *lines: str) -> str:
    return f"static {declaration}\n{{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def _horner(coefficients: tuple[float, ...], variable: str) -> tuple[str, ...]:
    numbers = ", ".join(map(repr, coefficients))
    return (
        f"static const double c[] = {{{numbers}}};",
        "double p = c[0];",
        f"for (i = 1; i < {len(coefficients)}; i++) p = p * {variable} + c[i];",
    )


_EXP = _horner(em.EXP_COEFFICIENTS, "r")
_LOG = _horner(em.LOG_COEFFICIENTS, "z")

HELPERS: Mapping[str, str] = {
    "min": _function("double kr_min(double a, double b)", "return (a < b || a != a) ? a : b;"),
    "max": _function("double kr_max(double a, double b)", "return (a > b || a != a) ? a : b;"),
    "step": _function("double kr_step(double x, int holds)", "return x != x ? x : holds ? 1.0 : 0.0;"),
    "unit": _function("double kr_unit(double x)", "return x <= 0.0 ? 0.0 : x >= 1.0 ? 1.0 : x;"),
    "smooth": _function(
        "double kr_smooth(double x)",
        "const double u = 1.0 - x;",
        "return x <= 0.5 ? 2.0 * (x * x) : 1.0 - 2.0 * (u * u);",
    ),
    "very": _function("double kr_very(double x)", "return x * x;"),
    "extremely": _function("double kr_extremely(double x)", "return (x * x) * x;"),
    "bounded_difference": _function(
        "double kr_bounded_difference(double a, double b)",
        "const double t = (a + b) - 1.0;",
        "return t <= 0.0 ? 0.0 : t;",
    ),
    "bounded_sum": _function(
        "double kr_bounded_sum(double a, double b)", "const double t = a + b;", "return t >= 1.0 ? 1.0 : t;"
    ),
    "line": _function(
        "double kr_line(double x, double start, double end, double low, double high)",
        "const double v = low + (high - low) * ((x - start) / (end - start));",
        "if (low <= high) return v > high ? high : v;",
        "return v < high ? high : v;",
    ),
    "exp": _function(
        "double kr_exp(double x)",
        _EXP[0],
        *(_EXP[1], "double k, r;", "int i, half;"),
        "if (x != x) return x;",
        f"x = x < {-em.EXP_LIMIT!r} ? {-em.EXP_LIMIT!r} : x > {em.EXP_LIMIT!r} ? {em.EXP_LIMIT!r} : x;",
        f"k = floor(x * {em.LOG2E!r});",
        f"r = (x - k * {em.LN2_HI!r}) - k * {em.LN2_LO!r};",
        "if (r < 0.0) r = 0.0;",
        _EXP[2],
        "if (p > 2.0) p = 2.0;",
        "half = (int)floor(k / 2.0);",
        "return (p * ldexp(1.0, half)) * ldexp(1.0, (int)k - half);",
    ),
    "log": _function(
        "double kr_log(double x)",
        _LOG[0],
        *(_LOG[1], "double mantissa, e, s, z, value, seam;", "int i, exponent;"),
        "if (x != x || x == KR_INFINITY) return x;",
        "if (x == 0.0) return -KR_INFINITY;",
        "mantissa = frexp(x, &exponent);",
        "e = (double)(exponent - 1);",
        "s = 1.0 - 2.0 / (1.0 + 2.0 * mantissa);",
        "z = s * s;",
        _LOG[2],
        f"value = e * {em.LN2_HI!r} + (s * p + e * {em.LN2_LO!r});",
        f"seam = (e + 1.0) * {em.LN2_HI!r} + (e + 1.0) * {em.LN2_LO!r};",
        "return seam < value ? seam : value;",
    ),
    "cbrt": _function(
        "double kr_cbrt(double x)",
        "double q, root;",
        "int exponent;",
        "if (x != x || x == 0.0 || x == KR_INFINITY) return x;",
        "x = frexp(x, &exponent);",
        "q = floor((exponent - 1) / 3.0);",
        "root = kr_exp(kr_log(ldexp(x, exponent - 3 * (int)q)) / 3.0);",
        "return (root > 2.0 ? 2.0 : root) * ldexp(1.0, (int)q);",
    ),
    "power": _function("double kr_power(double x, double y)", "return kr_exp(y * kr_log(x));"),
    "whole": _function(
        "double kr_whole_power(double x, int n)",
        "double result = 1.0;",
        "for (; n > 0; n >>= 1, x = x * x) {",
        "    if (n & 1) result = result * x; /* 1.0 * x is x */",
        "}",
        "return result;",
    ),
    "distance": _function(
        "double kr_distance(double x, double width, double center)",
        "const double t = (x - center) / width;",
        "return t < 0.0 ? -t : t;",
    ),
    "gauss": _function(
        "double kr_gauss(double x, double mean, double sigma)",
        "const double t = (x - mean) / sigma;",
        "return kr_exp(-0.5 * (t * t));",
    ),
    "logistic": _function(
        "double kr_logistic(double x, double slope, double center)",
        "return 1.0 / (1.0 + kr_exp(-((x - center) * slope)));",
    ),
}
"""Functions by name, each behind those it calls; only those that a program needs are written."""
