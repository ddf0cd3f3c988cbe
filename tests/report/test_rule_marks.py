"""Which rule gave which part of a pseudo-label: its number and colour in pictures, captions, table and listing."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from kistdsl.report.build import build_report
from kistdsl.report.rule_marks import COLOURS, Mark
from kistdsl.report.rule_outlines import outlined_by_rule
from tests.report.conftest import RULES, SIDE

TWO = RULES + "rule pale: IF gray is NOT dark THEN anomalous\n"


@pytest.fixture
def two_rules(run_folder: Path) -> Path:
    """The run with a second rule; both gave a part of the label of image b, apart from each other."""
    (run_folder / "rules.kr").write_text(TWO, encoding="utf-8")
    hole, pale = np.zeros((2, 3, SIDE, SIDE), np.bool_)
    hole[1, 12:20, 12:20] = True
    pale[1, 2:7, 2:7] = True
    images = np.full((3, SIDE, SIDE), 128, np.uint8)
    np.savez_compressed(
        run_folder / "labels.npz",
        names=np.array(["a", "b", "c"]),
        images=images,
        first=hole | pale,
        last=hole | pale,
        rules=np.array(["hole", "pale"]),
        parts=np.packbits(np.stack([hole, pale], axis=-1), axis=-1),
    )
    return run_folder


def shown(text: str, alt: str) -> np.ndarray:
    """The picture with this alternative text, RGB."""
    found = re.search(rf'<img src="data:image/jpeg;base64,([^"]*)" alt="{re.escape(alt)}', text)
    assert found
    return cv2.imdecode(np.frombuffer(base64.b64decode(found[1]), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(H, W) bool: pixels of about this colour."""
    return np.abs(picture.astype(int) - colour).max(2) < 60


def test_each_part_has_its_rules_number_and_colour(two_rules: Path) -> None:
    text = build_report(two_rules).read_text(encoding="utf-8")
    one, two = Mark(1, "hole"), Mark(2, "pale")
    caption = re.search(r"<figcaption>b: 15.45 % by (.*?)</figcaption>", text)
    assert caption
    assert caption[1] == "".join(
        [f'<span class="whole">{one.html} (64 px)</span> ', f'<span class="whole">{two.html} (25 px)</span>']
    )
    picture = shown(text, "b, pseudo-label 15.45 % by 1 hole (64 px), 2 pale (25 px)")
    half = len(picture) // 2 - 10
    assert near(picture, one.colour)[half:, half:].sum() > 100
    assert near(picture, two.colour)[:half, :half].sum() > 100
    assert not near(picture, one.colour)[: half // 2, : half // 2].any()
    assert "a: no label<" in text


def test_listing_and_table_carry_the_same_marks(two_rules: Path) -> None:
    text = build_report(two_rules).read_text(encoding="utf-8")
    for mark in (Mark(1, "hole"), Mark(2, "pale")):
        before = f'<span class="mark" data-number="{mark.number}" style="{mark.style}"></span>'
        assert f'{before}<span class="kw">rule</span> {mark.name}' in text
        assert f"<li>{mark.html}</li>" in text
    assert f"<td>{Mark(1, 'hole').html}</td>" in text


def test_outlines_that_coincide_take_turns() -> None:
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[8:16, 8:16] = True
    marks = [Mark(1, "one"), Mark(2, "two"), Mark(3, "three")]
    picture = outlined_by_rule(np.full((200, 200, 3), 128, np.uint8), [(mark, mask) for mark in marks[:2]])
    line = picture[:, 70:130]  # between the numbers on either side
    assert all((line == mark.colour).all(2).any() for mark in marks[:2])
    assert not (picture == marks[2].colour).all(2).any()


def test_numbers_of_one_region_do_not_hide_each_other() -> None:
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[8:16, 8:16] = True
    marks = [Mark(number, "name") for number in (1, 2, 3)]
    picture = outlined_by_rule(np.full((200, 200, 3), 128, np.uint8), [(mark, mask) for mark in marks])
    for mark in marks:
        solid = cv2.erode(
            (picture == mark.colour).all(2).astype(np.uint8), np.ones((2, 2), np.uint8), iterations=2
        )
        assert solid.any(), mark


def test_after_the_last_colour_the_number_tells_rules_apart() -> None:
    first, again = Mark(1, "a"), Mark(1 + len(COLOURS), "b")
    assert first.colour == again.colour
    assert first.html.replace(" a", "") != again.html.replace(" b", "")
