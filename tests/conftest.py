"""What all tests share: Hypothesis profiles, and where real photographs may be found."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell lets its background jobs ignore Ctrl-C, and what they start inherits it; tests send it for real.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("KISTDSL_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with `mtd` and `leather`; the test is skipped where it is absent."""
    if not (DATA / "mtd").is_dir():
        pytest.skip(f"no photographs at {DATA} (set KISTDSL_DATA)")
    return DATA


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Figures depend on the number of threads, and two tests at once on their sharing of cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
