"""LLVM assembly, written line by line: values in, names of results out.

No value of a grade has a fast-math flag, and `fma` is written out where it is meant, so that each operation
rounds once, as IEEE 754 and the reference say.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from itertools import compress

from kistdsl.language import exactmath as em


class Body:
    """The instructions of one basic block (or of straight-line code within one).

    Values are LLVM operands as text: `%7`, `%x`, or a constant. `type` is "double" or "float", the type of
    the arithmetic; the methods of exact mathematics work on double whatever it is.
    """

    def __init__(self, type_: str, prefix: str) -> None:
        self.type = type_
        self.lines: list[str] = []
        self._prefix = prefix

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def value(self, text: str) -> str:
        """Append `%name = text`; the name."""
        name = f"%{self._prefix}{len(self.lines)}"
        self.line(f"{name} = {text}")
        return name

    # --- arithmetic ---

    def op(self, name: str, a: str, b: str) -> str:
        return self.value(f"{name} {self.type} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        return self.op("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        return self.op("fsub", a, b)

    def mul(self, a: str, b: str) -> str:
        return self.op("fmul", a, b)

    def div(self, a: str, b: str) -> str:
        return self.op("fdiv", a, b)

    def neg(self, a: str) -> str:
        return self.value(f"fneg {self.type} {a}")

    def call(self, function: str, *arguments: str) -> str:
        bits = "f64" if self.type == "double" else "f32"
        given = ", ".join(f"{self.type} {a}" for a in arguments)
        return self.value(f"call {self.type} @llvm.{function}.{bits}({given})")

    # --- comparisons and choices ---

    def compare(self, predicate: str, a: str, b: str) -> str:
        return self.value(f"fcmp {predicate} {self.type} {a}, {b}")

    def is_nan(self, a: str) -> str:
        return self.compare("uno", a, a)

    def select(self, condition: str, a: str, b: str, type_: str | None = None) -> str:
        t = type_ or self.type
        return self.value(f"select i1 {condition}, {t} {a}, {t} {b}")

    def both(self, a: str, b: str) -> str:
        return self.value(f"and i1 {a}, {b}")

    def either(self, a: str, b: str) -> str:
        return self.value(f"or i1 {a}, {b}")

    def negation(self, a: str) -> str:
        return self.value(f"xor i1 {a}, true")

    def least(self, a: str, b: str) -> str:
        """a where a < b, else b: one machine instruction, wrong for NaN."""
        return self.select(self.compare("olt", a, b), a, b)

    def largest(self, a: str, b: str) -> str:
        """a where a > b, else b: one machine instruction, wrong for NaN."""
        return self.select(self.compare("ogt", a, b), a, b)

    def largest_of(self, values: Sequence[str]) -> str:
        """The largest of at least one value, none of them NaN."""
        return reduce(self.largest, values)

    def weighed(self, a: str, factor: float) -> str:
        return a if factor == 1.0 else self.mul(a, constant(factor))

    # --- exact mathematics, in double: the steps of kistdsl.language.exactmath ---

    def horner(self, coefficients: tuple[float, ...], x: str) -> str:
        p = constant(coefficients[0])
        for coefficient in coefficients[1:]:
            p = self.add(self.mul(p, x), constant(coefficient))
        return p

    def power_of_two(self, exponent: str) -> str:
        """2 to an i64 in the normal range."""
        biased = self.value(f"add i64 {exponent}, 1023")
        bits = self.value(f"shl i64 {biased}, 52")
        return self.value(f"bitcast i64 {bits} to double")

    def exp(self, x: str) -> str:
        limit = constant(em.EXP_LIMIT)
        known = self.select(self.is_nan(x), ZERO, x)
        known = self.select(
            self.compare("olt", known, constant(-em.EXP_LIMIT)), constant(-em.EXP_LIMIT), known
        )
        known = self.select(self.compare("ogt", known, limit), limit, known)
        k = self.call("floor", self.mul(known, constant(em.LOG2E)))
        r = self.sub(self.sub(known, self.mul(k, constant(em.LN2_HI))), self.mul(k, constant(em.LN2_LO)))
        r = self.select(self.compare("olt", r, ZERO), ZERO, r)
        p = self.horner(em.EXP_COEFFICIENTS, r)
        p = self.select(self.compare("ogt", p, TWO), TWO, p)
        whole = self.value(f"fptosi double {k} to i64")
        half = self.value(f"ashr i64 {whole}, 1")
        rest = self.value(f"sub i64 {whole}, {half}")
        value = self.mul(self.mul(p, self.power_of_two(half)), self.power_of_two(rest))
        return self.select(self.is_nan(x), x, value)

    def frexp(self, x: str) -> tuple[str, str]:
        """(m in [1, 2), i64 e) with x = m 2^e, for finite x > 0."""
        small = self.compare("olt", x, constant(2.0**-1022))
        scaled = self.select(small, self.mul(x, constant(2.0**54)), x)
        bits = self.value(f"bitcast double {scaled} to i64")
        exponent = self.value(f"lshr i64 {bits}, 52")
        exponent = self.value(f"sub i64 {exponent}, 1023")
        offset = self.select(small, "54", "0", "i64")
        exponent = self.value(f"sub i64 {exponent}, {offset}")
        fraction = self.value(f"and i64 {bits}, {2**52 - 1}")
        fraction = self.value(f"or i64 {fraction}, {1023 << 52}")
        return self.value(f"bitcast i64 {fraction} to double"), exponent

    def log(self, x: str) -> str:
        m, exponent = self.frexp(x)
        e = self.value(f"sitofp i64 {exponent} to double")
        s = self.sub(ONE, self.div(TWO, self.add(ONE, m)))
        p = self.horner(em.LOG_COEFFICIENTS, self.mul(s, s))
        high, low = constant(em.LN2_HI), constant(em.LN2_LO)
        value = self.add(self.mul(e, high), self.add(self.mul(s, p), self.mul(e, low)))
        following = self.add(e, ONE)
        seam = self.add(self.mul(following, high), self.mul(following, low))
        value = self.select(self.compare("olt", seam, value), seam, value)
        value = self.select(self.compare("oeq", x, ZERO), constant(float("-inf")), value)
        return self.select(self.compare("olt", x, constant(float("inf"))), value, x)

    def power(self, x: str, y: float) -> str:
        if not em.is_whole_power(y):
            return self.exp(self.mul(constant(y), self.log(x)))
        n, square = int(y), x
        result: str | None = None
        while True:
            if n & 1:
                result = square if result is None else self.mul(result, square)
            n >>= 1
            if n == 0 and result is not None:
                return result
            square = self.mul(square, square)

    def cbrt(self, x: str) -> str:
        m, exponent = self.frexp(x)
        third = self.div(self.value(f"sitofp i64 {exponent} to double"), constant(3.0))
        q = self.value(f"fptosi double {self.call('floor', third)} to i64")
        rest = self.value(f"sub i64 {exponent}, {self.value(f'mul i64 {q}, 3')}")
        root = self.exp(self.div(self.log(self.mul(m, self.power_of_two(rest))), constant(3.0)))
        root = self.select(self.compare("ogt", root, TWO), TWO, root)
        value = self.mul(root, self.power_of_two(q))
        ordinary = self.both(self.compare("ogt", x, ZERO), self.compare("olt", x, constant(float("inf"))))
        return self.select(ordinary, value, x)


def constant(x: float) -> str:
    """A float as LLVM reads it, for double and (if x is a float32 value) for float alike."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"


class Kept:
    """Constants that a loop holds in registers or on its stack.

    Left to itself, LLVM loads and spreads each constant anew in every round of a vectorised loop, for it could
    make it again at any time; so they come out of a table that may have been changed for all it knows.
    """

    MOST = 48
    """A longer loop's less frequent constants stay where they are."""
    TABLE = "@constants"

    def __init__(self, type_: str) -> None:
        self.type = type_
        self._foreign = "float" if type_ == "double" else "double"
        self._names: dict[str, str] = {}

    def taken_from(self, lines: Sequence[str]) -> list[str]:
        """The lines with names in place of their most frequent constants of the loop's type, 0 excepted."""
        own = [self._foreign not in line for line in lines]
        found = Counter(
            text for line in compress(lines, own) for text in _CONSTANT.findall(line) if text != ZERO
        )
        self._names = {text: f"%k{i}" for i, (text, _) in enumerate(found.most_common(self.MOST))}
        return [
            _CONSTANT.sub(lambda match: self._names.get(match[0], match[0]), line) if ours else line
            for line, ours in zip(lines, own, strict=True)
        ]

    def loads(self) -> list[str]:
        """Instructions for the beginning of the function."""
        element = f"getelementptr inbounds {self.type}, ptr {self.TABLE}, i64"
        return [
            line
            for i, name in enumerate(self._names.values())
            for line in (f"  {name}.at = {element} {i}", f"  {name} = load {self.type}, ptr {name}.at")
        ]

    def table(self) -> list[str]:
        """The table, to stand beside the function."""
        if not self._names:
            return []
        values = ", ".join(f"{self.type} {text}" for text in self._names)
        size = f"[{len(self._names)} x {self.type}]"
        return [f"{self.TABLE} = private externally_initialized global {size} [{values}]"]


_CONSTANT = re.compile(r"\b0x[0-9A-F]{16}\b")

ZERO, ONE, TWO, HALF = constant(0.0), constant(1.0), constant(2.0), constant(0.5)
