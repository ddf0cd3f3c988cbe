"""Which thresholds a run's maps are cut at: those of its settings, or others that were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from kistdsl.kist.config import Settings
from kistdsl.metrics import Decision, NormalLevels


def decision_of(settings: Settings, levels: NormalLevels) -> Decision:
    """The thresholds that the settings ask for."""
    if settings.decision == "sigmas":
        return levels.by_sigmas(settings.mask_sigmas)
    return levels.by_false_alarms(settings.false_alarms, settings.false_pixels, settings.mask_reach)


@dataclass(frozen=True, slots=True)
class Asked:
    """Thresholds in place of the run's own; at most one of the first three.

    Attributes:
        threshold: this value of the map.
        sigmas: mu + so many sigma.
        false_alarms: share of normal images that may be an alarm.
        false_pixels: share of normal pixels that bounds a region (with false_alarms, or by itself).
    """

    threshold: float | None = None
    sigmas: float | None = None
    false_alarms: float | None = None
    false_pixels: float | None = None

    def decision(self, settings: Settings, levels: NormalLevels) -> Decision:
        """The thresholds, on maps that reach these levels on normal images.

        Raises:
            InputError: a share that is none.
        """
        if self.threshold is not None:
            return Decision.at(self.threshold, "a value that was given")
        if self.sigmas is not None:
            return levels.by_sigmas(self.sigmas)
        if self.false_alarms is None and self.false_pixels is None:
            return decision_of(settings, levels)
        return levels.by_false_alarms(
            settings.false_alarms if self.false_alarms is None else self.false_alarms,
            settings.false_pixels if self.false_pixels is None else self.false_pixels,
            settings.mask_reach,
        )


NOTHING_ASKED = Asked()
"""The run's own thresholds."""
