"""The command line: lazy dispatch, one file a verb.

Each verb is a module `kistdsl.cli.<verb>` with HELP, `configure(parser)` and `run(args) -> int`. Only
the verb that was asked for is imported, so `check` never waits for numba or torch.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from kistdsl._version import __version__
from kistdsl.atomic import NO_ROOM
from kistdsl.diagnostics import KistError

VERBS: dict[str, str] = {
    "check": "all that is wrong or doubtful in rule files",
    "fmt": "put rule files into the canonical layout",
    "test": "run the tests that rule files carry",
    "rule": "what a diagnostic means, with a bad and a good example",
    "explain": "why a region gets its grade, rule by rule",
    "grade": "grade a table of regions",
    "label": "pseudo-labels from images, residuals and rules",
    "regions": "the region table of images and residuals",
    "audit": "how often each rule fires, and on which pictures",
    "train": "train a baseline and KIST on a product line",
    "localize": "anomaly maps, masks and overlays of images",
    "export": "a run's network and filter as one ONNX model, for lines without torch",
    "evaluate": "AUROC and AUPRO of a run, or of stored maps",
    "reproduce": "the grid of methods, networks and seeds, as the paper's tables",
    "build": "compile rules for embedding elsewhere (C, ONNX, JSON)",
    "debug": "the stages of the compiler",
    "init": "start a new product line",
    "suggest": "propose gammas from normal images",
    "lsp": "language server for editors",
}
"""Every verb and its one-line help; a verb's own module holds the rest."""

EXTRAS = {
    **dict.fromkeys(("torch", "cv2", "scipy", "pydantic", "safetensors", "rich"), "train"),
    "pyarrow": "parquet",
    **dict.fromkeys(("onnx", "onnxruntime"), "onnx"),
    **dict.fromkeys(("pygls", "lsprotocol"), "lsp"),
    **dict.fromkeys(("markdown", "pygments"), "docs"),
}
"""The extra that brings each optional package."""

ISSUES = "https://github.com/kistdsl/kistdsl/issues"


class Version(argparse.Action):
    """Print the version and what a bug report needs of the machine."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import platform
        from importlib import metadata

        from kistdsl.backends.kernel_cache import folder as kernel_folder

        print(f"kistdsl {__version__}")
        print(f"Python {platform.python_version()}, {platform.platform()}, {platform.machine()}")
        for name in (
            "numpy",
            "numba",
            "llvmlite",
            "lark",
            "torch",
            "opencv-python-headless",
            "opencv-python",
            "pyarrow",
        ):
            with contextlib.suppress(metadata.PackageNotFoundError):
                print(f"{name} {metadata.version(name)}")
        print(f"compiled rules are kept in {kernel_folder() or 'no folder: the cache is off'}")
        parser.exit()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What a command line says; files and options may stand in any order (`check a.kr -q b.kr`).

    Only the options of the verb that was asked for are filled in: the others cost an import each.
    """
    parser, own = build_parsers()
    verb = arguments[0] if arguments else None
    if verb not in own:
        return parser.parse_args(arguments)
    importlib.import_module(f"kistdsl.cli.{verb}").configure(own[verb])
    return own[verb].parse_intermixed_args(arguments[1:], argparse.Namespace(verb=verb))


def build_parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser that knows all verbs, and that of each verb, which its module has yet to configure."""
    parser = argparse.ArgumentParser(
        prog="kistdsl",
        description="Write down what a defect looks like; localize defects without drawing a mask.",
        epilog="Every verb has its own --help. Exit codes: 0 fine, 1 findings, 2 usage or unfit input, 101 a bug.",
    )
    parser.add_argument("--version", action=Version, nargs=0, help="version, and what a bug report needs")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    own = {
        name: verbs.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
        for name, line in VERBS.items()
    }
    return parser, own


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Nothing that a user can cause shows a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    try:
        args = parse(arguments)
        code: int = importlib.import_module(f"kistdsl.cli.{args.verb}").run(args)
        sys.stdout.flush()
        return code
    except KistError as error:
        _tell(error.report())
        return error.exit_code
    except ModuleNotFoundError as error:
        return _missing(error)
    except KeyboardInterrupt:
        _tell("kistdsl: stopped")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.filename is None:
            return _no_room(error) if error.errno in NO_ROOM else _bug()
        # A file or folder that cannot be made, read or written, wherever that shows first.
        _tell(f"kistdsl: {os.fspath(error.filename)}: {error.strerror}")
        return 2
    except Exception:  # noqa: BLE001 - the last resort: a bug in kistdsl, reported as one
        return _bug()


def _open_streams() -> None:
    """Streams that the caller closed lead nowhere; names that the output's encoding lacks become `?`."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _tell(message: str) -> None:
    """Onto standard error; that nobody can read it does not change the exit code."""
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr, flush=True)


def _missing(error: ModuleNotFoundError) -> int:
    """An optional package that is not installed: which extra brings it."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        return _bug()
    extra = EXTRAS[package]
    _tell(f"kistdsl: this needs {package}: pip install 'kistdsl[{extra}]'")
    return 2


def _no_room(error: OSError) -> int:
    """A full disk behind standard output: other files have a name."""
    _tell(f"kistdsl: standard output: cannot be written: {os.strerror(error.errno or 0)}")
    with contextlib.suppress(OSError):  # what is still buffered must not fail again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2


def _bug() -> int:
    traceback.print_exc()
    print(f"kistdsl {__version__}: this is a bug in kistdsl; please report it at {ISSUES}", file=sys.stderr)
    return 101


def entry() -> None:
    """Console script. SIGTERM ends it as Ctrl-C does, so that no half-written file is left behind."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
