"""Assembly -> machine code in this process, through llvmlite, the code generator that numba brings.

numba itself is not imported: it would cost a third of a second at every start and a second at every
compilation, for the same machine code.
"""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from kistdsl.backends import kernel_cache

PIPELINE = "O3, loops vectorised"
"""Part of the key of kept machine code: to be changed with anything in `_optimise` or `_target_machine`."""

_LOCK = threading.Lock()
"""LLVM's global state is set up once; its other objects are not shared between threads."""


class CompiledCode:
    """Machine code of one module; `address` is that of its function. Keeps the code alive."""

    def __init__(self, assembly: str, function: str) -> None:
        with _LOCK:
            _initialize()
            key = _key(assembly)
            code = kernel_cache.read(key)
            if code is None:
                code = _compile(assembly)
                kernel_cache.write(key, code)
            self._engine = _link(code)
            self.address: int = self._engine.get_function_address(function)


def has_fma() -> bool:
    """Whether this processor multiplies and adds in one rounding (else LLVM would call a slow function)."""
    return bool(_features().get("fma", False) or llvm.get_process_triple().startswith(("aarch64", "arm64")))


def optimised(assembly: str) -> str:
    """The module after LLVM's passes, as text."""
    with _LOCK:
        _initialize()
        return str(_optimise(assembly, _target_machine()))


def machine_code(assembly: str) -> str:
    """The module as this processor's assembly."""
    with _LOCK:
        _initialize()
        machine = _target_machine()
        return str(machine.emit_assembly(_optimise(assembly, machine)))


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@cache
def _features() -> dict[str, bool]:
    return dict(llvm.get_host_cpu_features())


def _flags() -> str:
    return ",".join(f"{'+' if on else '-'}{name}" for name, on in sorted(_features().items()))


def _key(assembly: str) -> str:
    """Digest of everything that the machine code depends on."""
    parts = (
        assembly,
        PIPELINE,
        llvmlite.__version__,
        str(llvm.llvm_version_info),
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        _flags(),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _target_machine() -> Any:
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_flags(), opt=3, jit=True, codemodel="jitdefault"
    )


def _optimise(assembly: str, machine: Any) -> Any:
    module = llvm.parse_assembly(assembly)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    # Vectorising straight-line code finds nothing here that the loop vectoriser has not found, and takes
    # most of the time for long rule files.
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


def _compile(assembly: str) -> bytes:
    machine = _target_machine()
    code: bytes = machine.emit_object(_optimise(assembly, machine))
    return code


def _link(code: bytes) -> Any:
    """An engine that holds the code; it must outlive every call."""
    empty = llvm.parse_assembly("")
    empty.triple = llvm.get_process_triple()
    engine = llvm.create_mcjit_compiler(empty, _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
