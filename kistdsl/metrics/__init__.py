"""Exact localization metrics in NumPy."""

from kistdsl.metrics.evaluation import Evaluation, Figures, ScoredMap, evaluate_maps
from kistdsl.metrics.pixels import aupro, image_auroc, per_image_auroc, pixel_auroc

__all__ = [
    "Evaluation",
    "Figures",
    "ScoredMap",
    "aupro",
    "evaluate_maps",
    "image_auroc",
    "per_image_auroc",
    "pixel_auroc",
]
