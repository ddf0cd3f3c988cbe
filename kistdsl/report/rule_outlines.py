"""Pseudo-labels on their image: each rule's part outlined in its colour, its number beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.report.pictures import Mask, Rgb, contours_of
from kistdsl.report.rule_marks import Mark

NUMBERED = 2
"""Regions of a rule that carry its number, the largest first: specks beside them would only hide the image."""

_DASH = 6  # pixels in which outlines that lie on each other take turns
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.4


def outlined_by_rule(image: Rgb, parts: Sequence[tuple[Mark, Mask]]) -> Rgb:
    """A copy of the picture with the parts of its label.

    Where the outlines of several rules coincide, their colours take turns.

    Args:
        image: (H', W', 3).
        parts: each rule's mark and (S, S) mask, not empty; the ones behind are drawn over those before.
    """
    size = (image.shape[1], image.shape[0])
    outlines = [(mark, contours_of(mask, size)) for mark, mask in parts]
    drawn = image.copy()
    for mark, contours in outlines:
        cv2.drawContours(drawn, contours, -1, mark.ink, 4)  # a rim, so that it shows on any ground
    taken = np.zeros(image.shape[:2], np.uint8)
    for mark, contours in outlines:
        line = _in_turns(contours, taken)
        drawn[line] = mark.colour
        cv2.drawContours(taken, contours, -1, 1, 2)
    _number(drawn, outlines)
    return drawn


def _in_turns(contours: Sequence[NDArray[np.int32]], taken: NDArray[np.uint8]) -> Mask:
    """(H', W') bool: the lines of one rule, with gaps where lines of others are there already."""
    line = np.zeros(taken.shape, np.uint8)
    for contour in contours:
        x, y = contour[:, 0, 0], contour[:, 0, 1]
        shown = (taken[y, x] == 0) | (np.arange(len(x)) // _DASH % 2 == 0)
        line[y[shown], x[shown]] = 1
    return np.asarray(cv2.dilate(line, np.ones((2, 2), np.uint8)) > 0, np.bool_)


def _number(drawn: Rgb, outlines: Sequence[tuple[Mark, Sequence[NDArray[np.int32]]]]) -> None:
    """Each rule's number beside its largest regions, at the first place that no other number has."""
    places: list[tuple[int, int, int, int]] = []
    for mark, contours in outlines:
        text = str(mark.number)
        (width, height), _ = cv2.getTextSize(text, _FONT, _SIZE, 1)
        wide, high = width + 5, height + 6
        for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:NUMBERED]:
            spot = next(_free(cv2.boundingRect(contour), (wide, high), drawn.shape[:2], places), None)
            if spot is None:
                continue
            x, y = spot
            places.append((x, y, x + wide, y + high))
            cv2.rectangle(drawn, (x, y), (x + wide - 1, y + high - 1), mark.colour, -1)
            cv2.putText(drawn, text, (x + 2, y + high - 4), _FONT, _SIZE, mark.ink, 1, cv2.LINE_AA)


def _free(
    box: Sequence[int],
    size: tuple[int, int],
    picture: tuple[int, ...],
    places: Sequence[tuple[int, int, int, int]],
) -> Iterator[tuple[int, int]]:
    """Upper left corners right of, left of, below and above a region, within the picture, beside all `places`."""
    left, top, width, height = box
    wide, high = size
    rows, columns = picture
    for x, y in (
        (left + width + 3, top),
        (left - wide - 3, top),
        (left, top + height + 3),
        (left, top - high - 3),
    ):
        x, y = min(max(x, 0), columns - wide), min(max(y, 0), rows - high)
        if all(
            x >= right or x + wide <= x0 or y >= bottom or y + high <= y0 for x0, y0, right, bottom in places
        ):
            yield x, y
