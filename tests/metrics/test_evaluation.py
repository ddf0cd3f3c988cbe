"""One pass gives what the single metrics give, by type as documented, with intervals that make sense."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.metrics import ScoredMap, aupro, evaluate_maps, image_auroc, per_image_auroc, pixel_auroc
from kistdsl.metrics.bootstrap import bin_pixels, draw, interval, pixel_worth
from kistdsl.metrics.pool import PixelPool
from kistdsl.metrics.tables import figures_table

EXACT = 1e-9


def scored(
    kind: str, index: int, gain: float = 1.0, shape: tuple[int, int] = (24, 30), dtype: type = np.float32
) -> ScoredMap:
    """Noise, with a rectangle raised by `gain` and marked unless the image is normal."""
    rng = np.random.default_rng([index, *kind.encode()])
    scores = rng.normal(size=shape).astype(dtype)
    if kind == "good":
        return ScoredMap(f"{kind}{index}", scores)
    mask = np.zeros(shape, np.bool_)
    y, x = rng.integers(0, 14, 2)
    mask[y : y + 6, x : x + 9] = True
    scores[mask] += dtype(gain)
    return ScoredMap(f"{kind}{index}", scores, mask, kind)


def line() -> list[ScoredMap]:
    return [
        *(scored("good", i) for i in range(6)),
        *(scored("crack", i, 0.7) for i in range(8)),
        *(scored("stain", i, 2.0) for i in range(5)),
    ]


def maps_and_masks(
    images: list[ScoredMap],
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.bool_] | None]]:
    return [i.scores for i in images], [i.mask for i in images]


def test_one_pass_equals_the_single_metrics() -> None:
    images = line()
    found = evaluate_maps(iter(images), replicates=0).overall
    maps, masks = maps_and_masks(images)
    assert found.pixel_auroc == pytest.approx(pixel_auroc(maps, masks), abs=EXACT)
    assert found.aupro == pytest.approx(aupro(maps, masks), abs=EXACT)
    assert found.per_image_auroc == pytest.approx(per_image_auroc(maps, masks), abs=EXACT)
    assert found.image_auroc == image_auroc(
        [i.scores.max() for i in images], [i.kind != "good" for i in images]
    )
    assert (found.images, found.regions) == (19, 13)
    assert found.intervals == {}


def test_a_type_is_compared_with_all_normal_pixels() -> None:
    images = line()
    found = evaluate_maps(images, replicates=0)
    assert list(found.by_type) == ["crack", "stain"]
    normals = np.concatenate([i.scores[~i.mask] if i.mask is not None else i.scores.ravel() for i in images])
    defects = np.concatenate([i.scores[i.mask] for i in images if i.mask is not None and i.kind == "crack"])
    pooled = np.concatenate([normals, defects])[None, :]
    flags = np.arange(pooled.size)[None, :] >= len(normals)
    crack = found.by_type["crack"]
    assert crack.pixel_auroc == pytest.approx(pixel_auroc([pooled], [flags]), abs=EXACT)
    assert (crack.images, crack.regions) == (8, 8)
    assert crack.pixel_auroc < found.by_type["stain"].pixel_auroc  # type: ignore[operator]


def test_the_mean_over_types_counts_each_type_once() -> None:
    empty = replace(scored("good", 9), kind="fray", mask=np.zeros((24, 30), np.bool_))
    found = evaluate_maps([*line(), empty], replicates=0)
    crack, stain = found.by_type["crack"].aupro, found.by_type["stain"].aupro
    assert crack is not None
    assert stain is not None
    assert found.mean_over_types["aupro"] == pytest.approx((crack + stain) / 2)
    assert evaluate_maps([replace(scored("crack", 0), kind="anomalous")]).mean_over_types["aupro"] is None


def test_excluding_a_type_leaves_its_images_out_altogether() -> None:
    kept = [i for i in line() if i.kind != "stain"]
    assert evaluate_maps(line(), exclude=["stain"]) == evaluate_maps(kept)
    with pytest.raises(InputError, match="no image of type scratch to exclude; there are crack, good, stain"):
        evaluate_maps(line(), exclude=["scratch"])
    with pytest.raises(InputError, match="no anomaly map to evaluate"):
        evaluate_maps([scored("crack", 0)], exclude=["crack"])


def test_an_empty_mask_counts_as_normal_pixels_of_an_anomalous_image() -> None:
    empty = replace(scored("good", 9), kind="crack", mask=np.zeros((24, 30), np.bool_))
    found = evaluate_maps([*line(), empty], replicates=0)
    as_good = evaluate_maps([*line(), scored("good", 9)], replicates=0)
    assert found.overall.aupro == as_good.overall.aupro
    assert found.overall.per_image_auroc == as_good.overall.per_image_auroc
    assert found.overall.image_auroc != as_good.overall.image_auroc
    assert found.by_type["crack"].images == 9


def test_an_unmarked_anomalous_image_counts_in_the_image_auroc_alone() -> None:
    unmarked = replace(scored("crack", 9), mask=None)
    found, without = evaluate_maps([*line(), unmarked]), evaluate_maps(line())
    assert found.overall.pixel_auroc == without.overall.pixel_auroc
    assert found.overall.images == without.overall.images + 1
    only = evaluate_maps([scored("good", 0), replace(unmarked, kind="anomalous")])
    assert (only.overall.pixel_auroc, only.overall.aupro, only.by_type) == (None, None, {})
    assert only.overall.image_auroc is not None


def test_a_type_without_a_region_has_no_pixel_figures() -> None:
    empty = replace(scored("good", 9), kind="fray", mask=np.zeros((24, 30), np.bool_))
    fray = evaluate_maps([*line(), empty]).by_type["fray"]
    assert (fray.pixel_auroc, fray.aupro, fray.best_f1, fray.per_image_auroc) == (None, None, None, None)
    assert (fray.images, fray.regions) == (1, 0)
    with pytest.raises(InputError, match="no defect region in any mask"):
        evaluate_maps([empty])


def test_only_anomalous_images_have_no_image_auroc() -> None:
    assert evaluate_maps([scored("crack", 0), scored("crack", 1)]).overall.image_auroc is None


def test_the_size_is_stated_where_there_is_one() -> None:
    assert evaluate_maps(line()).size == (24, 30)
    assert evaluate_maps([*line(), scored("crack", 50, shape=(20, 20))]).size is None


def test_a_wider_dtype_along_the_way_keeps_scores_apart() -> None:
    near = np.array([[1.0, 1.0 + 1e-12]])
    narrow = ScoredMap("narrow", np.zeros((1, 2), np.float32))
    wide = ScoredMap("wide", near, np.array([[False, True]]), "crack")
    assert evaluate_maps([narrow, wide], replicates=0).overall.pixel_auroc == 1.0


def test_nan_names_the_image() -> None:
    bad = ScoredMap("test/crack/7.png", np.full((3, 3), np.nan), np.eye(3, dtype=np.bool_), "crack")
    with pytest.raises(InputError, match=r"test/crack/7\.png: the anomaly map holds NaN"):
        evaluate_maps([bad])
    with pytest.raises(InputError, match=r"test/crack/7\.png: the anomaly map holds NaN"):
        evaluate_maps([replace(bad, mask=None)])


def test_intervals_hold_the_figure_and_shrink_with_more_images() -> None:
    few = evaluate_maps([scored("good", 0), *(scored("crack", i) for i in range(4))]).overall
    many = evaluate_maps(
        [*(scored("good", i) for i in range(9)), *(scored("crack", i) for i in range(60))]
    ).overall
    for name in ("pixel_auroc", "aupro", "per_image_auroc"):
        low, high = many.intervals[name]
        assert low <= getattr(many, name) <= high
        assert high - low < few.intervals[name][1] - few.intervals[name][0]
    assert evaluate_maps(line()) == evaluate_maps(line())
    assert evaluate_maps(line(), seed=1).overall.intervals != evaluate_maps(line()).overall.intervals


def test_whole_groups_are_drawn() -> None:
    weights = draw([[0, 1, 2, 3], [4, 5]], ["a", "a", "b", "b", "c", "d"], 200, 0)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 1])
    np.testing.assert_array_equal(weights[:, [0, 2]].sum(axis=1), np.full(200, 2.0))
    np.testing.assert_array_equal(weights[:, 4:].sum(axis=1), np.full(200, 2.0))


def test_exposures_of_one_piece_widen_the_interval() -> None:
    images = [scored("crack", i, g) for i, g in enumerate((0.2, 0.2, 0.2, 1, 1, 1, 3, 3, 3))]
    tiles = [replace(image, group=f"tile{i // 3}") for i, image in enumerate(images)]

    def width(maps: list[ScoredMap]) -> float:
        low, high = evaluate_maps(maps).overall.intervals["aupro"]
        return high - low

    assert width(tiles) > 1.2 * width(images)
    alone = evaluate_maps([replace(image, group="tile") for image in images])
    assert alone.overall.intervals == {}


def test_bins_are_close_to_exact() -> None:
    pool = PixelPool()
    for image in line():
        pool.add(image.name, image.scores, image.mask)[0].sort()
    ones = np.ones((1, pool.images))
    auroc, pro = pixel_worth(bin_pixels(pool, pool.defects(), 0.3), ones, 0.3).replicates(ones)
    exact = evaluate_maps(line(), replicates=0).overall
    assert auroc[0] == pytest.approx(exact.pixel_auroc, abs=1e-3)
    assert pro[0] == pytest.approx(exact.aupro, abs=1e-3)


def test_replicates_that_are_not_defined_are_left_out() -> None:
    assert interval(np.array([np.nan, 0.5, 0.5])) == (0.5, 0.5)
    assert interval(np.array([np.nan, np.nan, 0.5])) is None
    assert interval(np.array([])) is None


def test_the_table_shows_types_dashes_and_the_size() -> None:
    text = figures_table(evaluate_maps([*line(), scored("crack", 50)], replicates=100))
    assert text.splitlines()[0].split()[:2] == ["images", "regions"]
    assert [row.split()[0] for row in text.splitlines()[1:5]] == ["all", "mean", "crack", "stain"]
    assert "compared at 30x24 pixels" in text
    assert "[" in text
    plain = figures_table(evaluate_maps([scored("crack", 0)], replicates=0))
    assert " -" in plain
    assert "bootstrap" not in plain
