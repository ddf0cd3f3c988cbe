"""Elementary functions: near the C library's, and never a step backwards."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from kistdsl.language import exactmath as em


def ulps(got: float, want: float) -> float:
    return abs(got - want) / math.ulp(want) if want else abs(got) / 5e-324


@given(st.floats(-744, 709))
def test_exp_is_within_two_ulp(x):
    assert ulps(em.exp(x), math.exp(x)) <= 2


@given(st.floats(1e-300, 1e300))
def test_log_is_absolutely_close(x):
    assert abs(em.log(x) - math.log(x)) <= 5e-16 * max(1.0, abs(math.log(x)))


@given(st.floats(0, 1))
def test_cbrt_is_within_four_ulp(x):
    assert ulps(em.cbrt(x), math.cbrt(x)) <= 4


@given(st.floats(1e-3, 100), st.floats(0.1, 20))
def test_power_is_close(x, y):
    assert ulps(em.power(x, y), x**y) <= 2 + 3 * y * max(1.0, abs(math.log(x)))


@given(st.floats(0, 50), st.integers(1, 64))
def test_whole_powers_multiply(x, n):
    want = x**n
    assert em.power(x, float(n)) == want or ulps(em.power(x, float(n)), want) <= n


@given(st.floats(-800, 800))
def test_exp_never_steps_backwards(x):
    assert em.exp(math.nextafter(x, math.inf)) >= em.exp(x)


@given(st.floats(0, 1e300))
def test_log_and_cbrt_never_step_backwards(x):
    following = math.nextafter(x, math.inf)
    assert em.log(following) >= em.log(x)
    assert em.cbrt(following) >= em.cbrt(x)


@given(st.integers(-1000, 1000), st.integers(-30, 30))
def test_seams_between_binades(k, steps):
    for function, seam in ((em.exp, k * em.LN2), (em.log, 2.0**k), (em.cbrt, 2.0**k)):
        x = seam
        for _ in range(abs(steps)):
            x = math.nextafter(x, math.inf if steps > 0 else -math.inf)
        assert function(math.nextafter(x, math.inf)) >= function(x)


def test_special_values():
    inf, nan = math.inf, math.nan
    assert (em.exp(0.0), em.exp(-inf), em.exp(inf), em.exp(-0.0)) == (1.0, 0.0, inf, 1.0)
    assert (em.log(1.0), em.log(0.0), em.log(inf)) == (0.0, -inf, inf)
    assert (em.cbrt(0.0), em.cbrt(1.0), em.cbrt(0.125), em.cbrt(inf)) == (0.0, 1.0, 0.5, inf)
    assert (em.power(0.0, 0.5), em.power(1.0, 2.7), em.power(inf, 0.5)) == (0.0, 1.0, inf)
    assert all(math.isnan(f(nan)) for f in (em.exp, em.log, em.cbrt, lambda x: em.power(x, 2.5)))
