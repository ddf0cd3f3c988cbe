"""Settings for each purse, as departures from the defaults of `config.Settings`."""

from __future__ import annotations

from math import inf
from types import MappingProxyType
from typing import Any

DEMO: dict[str, Any] = {
    "size": 64,
    "epochs": 20,
    "batch": 16,
    "iterations": 3,
    "iteration_steps": 60,
    "anomalous_share": 0.5,
    "step": 0.3,
    "threshold_reach": 3.0,
    "unet_norm": "none",
    "min_area": 4,
    "anomalous_form": "log",
    "paste": 0.5,
    "paste_decoys": 0.5,
    "candidate_maps": ("residual", "darkness"),
}
"""Minutes on two CPU cores, for the generated line. At 64 pixels a pore has 4 to 16: with regions of 8 and
more, half of the labels are lost."""

FAST: dict[str, Any] = {}
"""Under 15 minutes on two CPU cores for 550 images: the defaults."""

PAPER: dict[str, Any] = {
    "size": 256,
    "exposure": "none",
    "epochs": 200,
    "batch": 32,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "warmup": 0,
    "iterations": 5,
    "iteration_steps": 1000,
    "iteration_batch": 32,
    "anomalous_share": 0.25,
    "iteration_rate": 1e-3,
    "anomalous_weight": 1.0,
    "anomalous_bound": inf,
    "anomalous_form": "square",
    "anomalous_average": "pixels",
    "background_weight": 0.0,
    "paste": 0.0,
    "paste_decoys": 0.0,
    "guard": inf,
    "step": 0.3,
    "threshold_reach": 3.0,
    "label_sigma": 0.0,
    "min_area": 1,
    "accumulate": False,
    "candidate_maps": ("residual",),
    "teacher": "",
    "rule_check": False,
    "usual_places": 1.0,
    "filter": "guided",
    "decision": "sigmas",
    "unet_width": 64,
    "unet_norm": "none",
    "unet_upsampling": "transpose",
}
"""The paper's form, unchanged where it says what it does."""

PRESETS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {"demo": DEMO, "fast": FAST, "paper": PAPER}
)
"""`--preset`."""
