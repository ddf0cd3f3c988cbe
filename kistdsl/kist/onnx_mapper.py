"""Maps of an exported model, in onnxruntime: without torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from kistdsl.diagnostics import InputError
from kistdsl.kist.mappers import Facts, Maps
from kistdsl.kist.preparing import Bytes

FACTS_KEY = "kistdsl"
"""Where an exported model keeps its facts, as JSON in its metadata."""

OUTPUTS = ("raw", "map")
"""Of an exported model: the map as the method gives it, and filtered."""

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OnnxMapper:
    """Runs a model that `kistdsl export` wrote."""

    def __init__(self, facts: Facts, session: Any) -> None:
        self.facts, self.session = facts, session

    @classmethod
    def open(cls, path: Path, *, device: str) -> OnnxMapper:
        """Load the file.

        Raises:
            InputError: damaged, not written by kistdsl, or a device that this onnxruntime does not have.
        """
        known = onnxruntime.get_available_providers()
        if device == "cuda" and _CUDA not in known:
            raise InputError(
                "device cuda: this onnxruntime has no CUDA; install onnxruntime-gpu, or --device cpu"
            )
        wanted = [_CPU] if device == "cpu" else [name for name in (_CUDA, _CPU) if name in known]
        try:
            session = onnxruntime.InferenceSession(str(path), providers=wanted)
            stored = json.loads(session.get_modelmeta().custom_metadata_map[FACTS_KEY])
        except KeyError as error:
            raise InputError(f"{path}: not written by kistdsl export (no facts in its metadata)") from error
        except Exception as error:
            raise InputError(f"{path}: onnxruntime cannot read it: {str(error).splitlines()[0]}") from error
        return cls(Facts.from_json(stored, path, device), session)

    def maps(self, images: Sequence[Bytes], *, use_filter: bool) -> Maps:
        """See `kistdsl.kist.mappers.Mapper`.

        Raises:
            InputError: a map is not finite.
        """
        pixels = np.stack([image[:, :, None] if image.ndim == 2 else image for image in images])
        found: Maps = self.session.run([OUTPUTS[int(use_filter)]], {"image": pixels})[0]
        if not np.isfinite(found).all():
            raise InputError("the exported model gave a map that is not finite")
        return found
