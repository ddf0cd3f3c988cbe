"""A finished run measured on a product line, for `kistdsl evaluate RUN --data DIR`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from kistdsl.kist.events import Listener, ignore
from kistdsl.kist.localization import Localizer
from kistdsl.kist.thresholds import NOTHING_ASKED, Asked
from kistdsl.metrics import DecisionFigures, Evaluation


def evaluate_run(
    run: str | Path,
    data: str | Path,
    *,
    exclude: Collection[str] = (),
    use_filter: bool = True,
    over_usual: bool = False,
    asked: Asked = NOTHING_ASKED,
    listener: Listener = ignore,
) -> tuple[Evaluation, DecisionFigures]:
    """Figures of a finished run on the test set of a product line.

    Maps and masks are compared at the run's `metric_size` (else its `size`), and a line without a split of
    its own is split with the run's seed, as in training.

    Args:
        run: the run folder.
        data: the line's folder.
        exclude: defect types that are left out, their images altogether.
        use_filter: False: the raw maps.
        over_usual: True: maps over what is usual at each place of normal images, as the thresholds read them.
        asked: thresholds in place of the run's.
        listener: told how far it is.

    Returns:
        Figures that know no threshold, and what the thresholds make of the images.

    Raises:
        InputError: no finished run, no line, no test set; or all problems of its images and masks, in one message.
    """
    localizer = Localizer.open(run, asked=asked)
    return localizer.evaluate(
        data, exclude=exclude, use_filter=use_filter, over_usual=over_usual, listener=listener
    )
