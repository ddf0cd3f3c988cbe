"""Exact localization metrics in NumPy."""

from kistdsl.metrics.decisions import Decision, DecisionFigures, NormalLevels, decision_figures
from kistdsl.metrics.evaluation import Evaluation, Figures, ScoredMap, evaluate_maps
from kistdsl.metrics.pixels import aupro, image_auroc, per_image_auroc, pixel_auroc

__all__ = [
    "Decision",
    "DecisionFigures",
    "Evaluation",
    "Figures",
    "NormalLevels",
    "ScoredMap",
    "aupro",
    "decision_figures",
    "evaluate_maps",
    "image_auroc",
    "per_image_auroc",
    "pixel_auroc",
]
