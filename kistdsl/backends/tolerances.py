"""How far each backend may be from the reference in the same dtype: the one table, used by the tests.

The reference in float32 takes every step in float32 (`kistdsl.ir.reference`, `dtype="float32"`), so that a
backend that keeps to the order of the steps has nothing to differ by, in either dtype. Then the decision
grade >= alpha is the reference's too.

float32 and float64 themselves differ: by rounding on a slope (about 6e-8 of the property's value, divided by
the width of the edge in the same unit), and by 1 where a value lies within that distance of a vertical edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TOLERANCES: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("numba", "float64"): 0.0,
        ("numba", "float32"): 0.0,
        ("numpy", "float64"): 0.0,
        ("numpy", "float32"): 0.0,
        ("torch", "float64"): 0.0,
        ("torch", "float32"): 1e-6,
        ("torch.compile", "float64"): 0.0,
        ("torch.compile", "float32"): 1e-6,
        ("c", "float64"): 0.0,
        ("onnx", "float64"): 1e-12,
        ("onnx", "float32"): 1e-6,
    }
)
"""(backend, dtype) -> largest absolute difference of a grade; 0 means every bit, the decision included."""
