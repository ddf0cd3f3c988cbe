"""Settings: strict, with reasons, and said in one message what is wrong."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings, make_settings, parse_assignments, read_toml, settings_json
from kistdsl.kist.grid import DEPARTURES
from kistdsl.kist.presets import PRESETS


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    with pytest.raises(InputError, match=r"no setting .epoch. .did you mean .epochs.."):
        make_settings({"epoch": 3})


def test_all_problems_at_once() -> None:
    with pytest.raises(InputError) as caught:
        make_settings({"epochs": "many", "batch": 0, "modle": "cae"})
    assert all(name in str(caught.value) for name in ("epochs = 'many'", "batch = 0", "'model'"))


def test_types_are_strict() -> None:
    for values in ({"epochs": 2.5}, {"accumulate": 1}, {"seed": True}, {"learning_rate": "1e-3"}):
        with pytest.raises(InputError):
            make_settings(values)


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_settings_survive_json(preset: str | None) -> None:
    settings = make_settings({}, preset=preset)
    assert make_settings(settings_json(settings)) == settings


def test_every_setting_says_why() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert len(field.description) > 20, name


def test_the_paper_preset_is_the_paper() -> None:
    paper = make_settings({}, preset="paper")
    said = {"size": 256, "epochs": 200, "batch": 32, "learning_rate": 1e-3, "iterations": 5, "step": 0.3}
    said |= {"anomalous_weight": 1.0, "anomalous_bound": inf, "background_weight": 0.0, "accumulate": False}
    said |= {"filter": "guided", "guided_radius": 16, "guided_epsilon": 1e-3, "exposure": "none"}
    said |= {"anomalous_form": "square", "threshold_reach": 3.0, "paste": 0.0, "paste_decoys": 0.0}
    assert {name: getattr(paper, name) for name in said} == said


def test_the_paper_preset_does_not_follow_the_defaults() -> None:
    assert set(DEPARTURES) <= set(PRESETS["paper"])


def test_assignments_and_files(tmp_path: Path) -> None:
    assert parse_assignments(["a=none", "b=x y", "c=[1, 2]"]) == {"a": None, "b": "x y", "c": [1, 2]}
    with pytest.raises(InputError, match="name=value"):
        parse_assignments(["epochs"])
    file = tmp_path / "run.toml"
    file.write_text('epochs = 3\nmodel = "cae"\n')
    assert read_toml(file) == {"epochs": 3, "model": "cae"}
    file.write_text("epochs = \n")
    with pytest.raises(InputError, match=r"run.toml: no TOML.*line 1"):
        read_toml(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_toml(tmp_path / "none.toml")


def test_none_is_a_choice_where_it_is_one() -> None:
    given = parse_assignments(
        ["filter=none", "unet_norm=None", "exposure=none", "control=none", "alpha=none"]
    )
    settings = make_settings(given)
    assert (settings.filter, settings.unet_norm, settings.exposure) == ("none", "none", "none")
    assert (settings.control, settings.alpha) == ("none", None)


def test_settings_that_do_not_go_together_are_named() -> None:
    with pytest.raises(InputError, match="anomalous_bound inf has a meaning with anomalous_form square only"):
        make_settings({"anomalous_bound": "inf"})
    with pytest.raises(InputError, match="batch 1 at size 16: unet_norm batch needs more than one value"):
        make_settings({"batch": 1, "size": 16})
    assert make_settings({"batch": 1, "size": 16, "unet_norm": "none"}).batch == 1


def test_unknown_preset() -> None:
    with pytest.raises(InputError, match="demo, fast, paper"):
        make_settings({}, preset="quick")
