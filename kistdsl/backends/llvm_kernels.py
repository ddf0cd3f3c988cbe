"""Whole kernels as LLVM assembly: one fused pass over the columns.

A kernel walks the rows in blocks. In each block a quick loop runs first, which also notes whether some
value is NaN or enormous; if so, the plain loop, which is right for every input, does the block again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kistdsl.backends.llvm_nodes import QUICK_RANGE, NodeEmitter, moderate_nodes
from kistdsl.backends.llvm_text import ONE, ZERO, Body, Kept, constant
from kistdsl.ir import nodes as ir
from kistdsl.ir.cuts import AllOf, Cut, Inside, cuts

LLVM_TYPE = {"float64": "double", "float32": "float"}
BLOCK = 4096
"""Rows between two looks at the note; a block's columns stay in the first two cache levels."""
ONE_VECTOR = ("!0 = distinct !{!0, !1}", '!1 = !{!"llvm.loop.interleave.count", i32 1}')
"""Of the quick loop: a vector of rows a round. More would not fit the registers, and wait no less."""
KERNEL = "kernel"
"""Name of the one function in a module."""

Values: TypeAlias = list[str]
"""What a loop stores for one row, in the order of the kernel's outputs."""


@dataclass(frozen=True)
class Output:
    """One array that a kernel writes: the type in memory."""

    memory: str


@dataclass(frozen=True)
class Kind:
    """One kind of result: what it writes, and the row computations."""

    outputs: tuple[Output, ...]
    row: Callable[[NodeEmitter], Values]


def kind_of(program: ir.Program, kind: str, *, skip_missing: bool) -> Kind:
    """The kinds "grade", "evaluate", "matrix" and "decide"."""
    real = Output(LLVM_TYPE[program.dtype])
    if kind == "grade":
        return Kind((real,), lambda to: [_grade(to, skip_missing)])
    if kind == "evaluate":
        return Kind((real, Output("i32"), Output("i32")), lambda to: _winner(to, skip_missing))
    if kind == "matrix":
        outputs = (real,) * len(program.rules)
        return Kind(outputs, lambda to: [to.value(rule.grade) for rule in program.rules])
    return Kind((Output("i8"),), lambda to: [_decision(to, skip_missing)])


# --- one row ----------------------------------------------------------------------------------


def _grade(to: NodeEmitter, skip_missing: bool) -> str:
    """The largest live rule grade (eq. 7)."""
    if to.quick:
        return _quick_grade(to)
    first, *rest = (to.value(rule.grade) for _, rule in to.program.live_rules)
    for grade in rest:
        first = _join(to, first, grade, skip_missing)
    return first


def _quick_grade(to: NodeEmitter) -> str:
    """One clamp at 1 for all rules of a truth value, one at 0 for all: rounding keeps order, so that

    max(tv clamp(a), tv clamp(b), ...) = max(0, tv min(1, max(a, b)), ...).
    """
    b = to.body
    open_, grades = to.unclamped([rule.grade for _, rule in to.program.live_rules])
    for truth_value, values in open_.items():
        grades.append(b.weighed(b.least(ONE, b.largest_of(values)), truth_value))
    best = b.largest_of(grades)
    return b.largest(best, ZERO) if open_ else best  # ZERO where both are: a product may have become -0.0


def _join(to: NodeEmitter, best: str, grade: str, skip_missing: bool) -> str:
    b = to.body
    if skip_missing:
        return b.select(_is_better(to, best, grade), grade, best)
    return b.select(b.is_nan(best), best, b.largest(best, grade))


def _is_better(to: NodeEmitter, best: str, grade: str) -> str:
    """grade is a number, and best is none or smaller."""
    b = to.body
    return b.both(b.compare("ugt", grade, best), b.compare("ord", grade, grade))


def _winner(to: NodeEmitter, skip_missing: bool) -> Values:
    """Grade, index of the rule, index of the class; -1 for NaN."""
    b = to.body
    (index, first), *rest = to.program.live_rules
    best, rule, target = to.value(first.grade), str(index), str(first.target)
    missing = None if to.quick else b.is_nan(best)
    for index, each in rest:
        grade = to.value(each.grade)
        better = b.compare("ogt", grade, best) if to.quick else _is_better(to, best, grade)
        best = b.select(better, grade, best)
        rule = b.select(better, str(index), rule, "i32")
        target = b.select(better, str(each.target), target, "i32")
        if missing is not None:
            unknown = b.is_nan(grade)
            missing = b.both(missing, unknown) if skip_missing else b.either(missing, unknown)
    if missing is None:
        return [best, rule, target]
    best = b.select(missing, constant(float("nan")), best)
    return [best, b.select(missing, "-1", rule, "i32"), b.select(missing, "-1", target, "i32")]


def _decision(to: NodeEmitter, skip_missing: bool) -> str:
    """1 where the grade reaches alpha, 0 elsewhere."""
    b = to.body
    trees = cuts(to.program)
    if trees is None:
        reached = b.compare("oge", _grade(to, skip_missing), constant(to.program.alpha))
        return b.value(f"zext i1 {reached} to i8")
    sets = ir.column_sets(to.program.nodes)
    fired, known = "false", "true"
    for (_, rule), tree in zip(to.program.live_rules, trees, strict=True):
        fires = _test(to, tree)
        if not to.quick:
            present = _all_known(to, sorted(sets[rule.grade]))
            fires, known = b.both(fires, present), b.both(known, present)
        fired = b.either(fired, fires)
    if not skip_missing:
        fired = b.both(fired, known)
    return b.value(f"zext i1 {fired} to i8")


def _all_known(to: NodeEmitter, columns: Sequence[int]) -> str:
    known = "true"
    for i in columns:
        known = to.body.both(known, to.body.compare("ord", to.columns[i], to.columns[i]))
    return known


def _test(to: NodeEmitter, cut: Cut) -> str:
    """Comparisons that decide a cut."""
    b = to.body
    if isinstance(cut, Inside):
        inside = "false"
        for low, high in cut.intervals:
            x = to.columns[cut.column]
            above, below = b.compare("oge", x, constant(low)), b.compare("ole", x, constant(high))
            inside = b.either(inside, b.both(above, below))
        return inside
    result = "true" if isinstance(cut, AllOf) else "false"
    join = b.both if isinstance(cut, AllOf) else b.either
    for part in cut.parts:
        result = join(result, _test(to, part))
    return result


# --- loops ------------------------------------------------------------------------------------


def module(program: ir.Program, kind: str, *, skip_missing: bool, quick: bool = True) -> str:
    """The assembly of one kernel.

    `void kernel(i64 n, PyArrayObject *column..., PyArrayObject *out...)`: contiguous arrays of at least n elements,
    the outputs overlapping nothing.
    `quick`: whether a quick loop pays on this processor (it needs a fused multiply-add).
    """
    made = kind_of(program, kind, skip_missing=skip_missing)
    type_ = LLVM_TYPE[program.dtype]
    columns = [f"ptr noalias nocapture readonly %c{i}" for i in range(len(program.columns))]
    outputs = [f"ptr noalias nocapture writeonly %o{i}" for i in range(len(made.outputs))]
    arrays = [*columns, *outputs]
    quick = quick and kind != "decide" and bool(moderate_nodes(program))  # there are divisions to replace
    kept = Kept(type_)
    loops = _loop(program, made, quick=False, after="check" if quick else "block")
    if quick:
        loops = kept.taken_from(_loop(program, made, quick=True, after="block")) + loops
    text = [
        *kept.table(),
        f"define internal void @rows({', '.join(['i64 %n', *arrays])}) noinline {{",
        "entry:",
        *kept.loads(),
        "  %some = icmp sgt i64 %n, 0",
        "  br i1 %some, label %block, label %done",
        *_block(program, quick),
        *loops,
        "next:",
        "  %finished = icmp sge i64 %end, %n",
        "  br i1 %finished, label %done, label %block",
        "done:",
        "  ret void",
        "}",
        *_entry(len(arrays)),
        *_declarations(type_),
        *ONE_VECTOR,
    ]
    return "\n".join(text) + "\n"


def _entry(count: int) -> list[str]:
    """The function that is called: from NumPy's arrays to where their elements lie.

    Asking NumPy for six addresses takes longer than grading a thousand rows. The pointer to the elements stands
    first behind the head of the object: part of NumPy's binary interface, compiled into all that is built on it.
    """
    lines = [f"define void @{KERNEL}(i64 %n, {', '.join(f'ptr %a{i}' for i in range(count))}) {{"]
    for i in range(count):
        lines.append(f"  %at{i} = getelementptr i8, ptr %a{i}, i64 {object.__basicsize__}")
        lines.append(f"  %data{i} = load ptr, ptr %at{i}")
    given = ", ".join(f"ptr %data{i}" for i in range(count))
    return [*lines, f"  call void @rows(i64 %n, {given})", "  ret void", "}"]


def scalar_module(program: ir.Program) -> str:
    """`T kernel(T column...)`: the grade of one row."""
    type_ = LLVM_TYPE[program.dtype]
    body = Body(type_, "p")
    columns = [f"%x{i}" for i in range(len(program.columns))]
    grade = _grade(NodeEmitter(program, body, columns, quick=False), skip_missing=False)
    arguments = ", ".join(f"{type_} {column}" for column in columns)
    head, tail = f"define {type_} @{KERNEL}({arguments}) {{", f"  ret {type_} {grade}"
    return "\n".join([head, *body.lines, tail, "}", *_declarations(type_)]) + "\n"


def _block(program: ir.Program, quick: bool) -> list[str]:
    type_ = LLVM_TYPE[program.dtype]
    lines = [
        "block:",
        "  %start = phi i64 [ 0, %entry ], [ %end, %next ]",
        "  %rest = sub i64 %n, %start",
        f"  %short = icmp slt i64 %rest, {BLOCK}",
        f"  %length = select i1 %short, i64 %rest, i64 {BLOCK}",
        "  %end = add i64 %start, %length",
        f"  br label %{'quick' if quick else 'plain'}",
    ]
    if quick:
        lines += [
            "check:",
            f"  %unfit = fcmp ugt {type_} %noted, {constant(QUICK_RANGE[program.dtype] ** 2)}",
            "  br i1 %unfit, label %plain, label %next",
        ]
    return lines


def _loop(program: ir.Program, kind: Kind, *, quick: bool, after: str) -> list[str]:
    """The rows %start to %end, entered from the block `after`."""
    name, then = ("quick", "check") if quick else ("plain", "next")
    alone = ", !llvm.loop !0" if quick else ""
    type_ = LLVM_TYPE[program.dtype]
    i, following = f"%{name}.i", f"%{name}.next"
    body = Body(type_, name[0])
    columns = [_load(body, f"%c{k}", i) for k in range(len(program.columns))]
    stored = kind.row(NodeEmitter(program, body, columns, quick=quick))
    for k, (output, value) in enumerate(zip(kind.outputs, stored, strict=True)):
        address = body.value(f"getelementptr inbounds {output.memory}, ptr %o{k}, i64 {i}")
        body.line(f"store {output.memory} {value}, ptr {address}")
    lines = [f"{name}:", f"  {i} = phi i64 [ %start, %{after} ], [ {following}, %{name} ]"]
    if quick:
        lines.append(f"  %note = phi {type_} [ 0.0, %{after} ], [ %noted, %{name} ]")
        _note(body, columns)
    return [
        *lines,
        *body.lines,
        f"  {following} = add nuw nsw i64 {i}, 1",
        f"  %{name}.more = icmp slt i64 {following}, %end",
        f"  br i1 %{name}.more, label %{name}, label %{then}{alone}",
    ]


def _load(body: Body, column: str, i: str) -> str:
    address = body.value(f"getelementptr inbounds {body.type}, ptr {column}, i64 {i}")
    return body.value(f"load {body.type}, ptr {address}")


def _note(body: Body, columns: Sequence[str]) -> None:
    """%noted = the sum of squares so far: NaN or above the limit once a value is.

    Its order is free, since only that counts; a block of moderate values that adds up to more is done plainly.
    """
    total = body.mul(columns[0], columns[0])
    for column in columns[1:]:
        total = body.call("fma", column, column, total)
    body.line(f"%noted = fadd reassoc {body.type} %note, {total}")


def _declarations(type_: str) -> list[str]:
    bits = {"double": "f64", "float": "f32"}
    types = dict.fromkeys(("double", type_))  # exact mathematics is in double for both
    one = [f"declare {t} @llvm.{name}.{bits[t]}({t})" for t in types for name in ("floor", "fabs", "sqrt")]
    return one + [f"declare {t} @llvm.fma.{bits[t]}({t}, {t}, {t})" for t in types]
