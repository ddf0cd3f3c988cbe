"""Every setting of a run: what the paper does, what is done here, and why they differ.

Lengths in pixels that a reader knows from 256x256 images (smoothing, filter radius, distances) are
given at 256 and scale with `size`.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kistdsl.diagnostics import InputError
from kistdsl.kist.names import METHODS, RIVALS
from kistdsl.kist.presets import PRESETS

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
OpenShare = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


def _one_of(names: tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"not one of {', '.join(names)}")
        return name

    return AfterValidator(check)


Rival = Annotated[str, _one_of(RIVALS)]


class Settings(BaseModel):
    """One run. Each name can be given in a TOML file or as `--set name=value`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    # ---- what is trained
    seed: Annotated[int, Field(ge=0)] = 0
    """Same seed, same machine, same settings: same figures. Paper: not stated."""
    model: str = "unet"
    """Network: cae, unet, memae, or module:Class. Paper: CAE and U-Net; the U-Net gains more."""
    method: Annotated[str, _one_of(METHODS)] = "kist"
    """What is trained: KIST, or a rival from normal images alone."""
    base: Rival = "l2"
    """Under KIST: the loss on normal pixels and the map at test. Paper: l2 (eq. 8)."""
    control: Literal[
        "none", "no-anomalous-term", "no-rules", "random-labels", "wrong-image", "true-masks"
    ] = "none"
    """A control in place of KIST proper: without the anomalous term (lambda 0, the background term
    stays), every region above the thresholds, labels moved to a random place, labels of another image;
    true-masks: the ceiling, labels are the ground truth of the weakly labelled images, where it is known."""
    baselines: bool = True
    """Also train the baseline for as many further steps as KIST gets (normal images, lambda 0).
    Paper: compares with the initial model, which has had fewer steps."""

    # ---- images
    size: Annotated[int, Field(ge=16, le=2048)] = 128
    """Side in pixels to which all images are scaled. Paper: 256; 128 is for two CPU cores."""
    channels: Literal["auto", "gray", "color"] = "auto"
    """Gray (1) or colour (3); auto: colour if any training image has it. Paper: not stated."""
    exposure: Literal["none", "median"] = "median"
    """median: images are divided by their median gray (and halved), so that exposure does not count.
    Paper: none. On magnetic tiles (means 50 to 216) it gave the autoencoder +5.5 AUROC, +3 AUPRO."""
    augment: Literal["none", "flips", "dihedral"] = "dihedral"
    """Random flips; dihedral: with transposes, so quarter turns too. Paper: flips, rotations "etc."."""
    margin: Annotated[int, Field(ge=0, le=64)] = 0
    """Pixels of mirrored image around the network's input, cut off its output: over half of the normal
    residual lies within 8 pixels of the border. Paper: none."""
    held_out: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    """Share of normal training images (whole groups) that never train: they watch for collapse and
    check the rules. Paper: none. In the paper preset too, for both need it."""

    # ---- the initial model
    epochs: Count = 14
    """Passes over the normal images. Paper: 200. A U-Net copies well after 14 at a batch of 8; a CAE needs
    40 (10 gave 52/48, 40 gave 65/70 on MTD)."""
    batch: Count = 8
    """Images a step for the initial model. Paper: 32."""
    learning_rate: Positive = 1e-3
    """Adam's, for the initial model. Paper: 1e-3."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Of both learning rates: constant rates give a noisy last snapshot. Paper: not stated."""
    warmup: Annotated[int, Field(ge=0)] = 10
    """Steps over which a learning rate rises from 0, at each start of Adam. Paper: none."""

    # ---- KIST
    iterations: Count = 1
    """I of Algorithm 1. Paper: 5. On leather three rounds of 100 steps grew the labels from 39,000 to 53,000
    pixels and gave AUROC 93.9, AUPRO 81.9; one round of 300 steps 95.2 and 88.5 (docs/results.md)."""
    iteration_steps: Count = 400
    """Steps a model update (each with a fresh Adam). Paper: not stated."""
    iteration_batch: Annotated[int, Field(ge=2)] = 8
    """Images a step in KIST, normal and anomalous together. Paper: 32."""
    anomalous_share: Annotated[float, Field(gt=0, lt=1)] = 0.625
    """Share of pseudo-labelled images in such a batch. Paper: not stated (sums over all images)."""
    iteration_rate: Positive = 1e-3
    """Adam's learning rate in KIST. Paper: 1e-3."""
    anomalous_weight: NonNegative = 0.1
    """lambda of eq. 13. Paper: 1; that collapsed a CAE and hurt everywhere it was tried."""
    anomalous_bound: Positive = 0.05
    """The anomalous term grows up to this squared error, min(d^2, m); inf: unbounded, as in the paper,
    with the squared form alone: on leather 93.8/83.7 then, 94.8/87.0 squared and bounded."""
    anomalous_form: Literal["square", "log"] = "log"
    """square: d^2 of a labelled pixel, as in the paper; its slope is 0 where the network copies well, which
    is where the term is needed. log: 0.4 m log(d^2 + 0.001) pushes hardest just there: leather 94.1/87.8
    against 90.6/85.6 in trials."""
    anomalous_average: Literal["pixels", "images"] = "images"
    """Anomalous term over all labelled pixels (paper), or first within each image, so that the image
    with the largest label does not rule."""
    background_weight: Share = 0.5
    """Share of the normal term that comes from surely unlabelled pixels of the anomalous images.
    Paper: 0. Without it a network learns that a sheet has a defect instead of where."""
    background_distance: Annotated[int, Field(ge=0)] = 4
    """Surely unlabelled means farther than this (pixels, as they are, in a square window) from any label
    and from any residual above mu + 3 sigma."""
    paste: Share = 0.7
    """Chance that an anomalous image of a batch is replaced by a normal one onto which a labelled region
    is laid, turned, scaled and moved (then all other pixels are surely normal). Paper: 0. MTD gains with
    every step from 0.4 to 1 (80.6, 83.2, 83.8 AUPRO), leather loses at 1 (88.5 at 0.4 and 0.7, 83.7 at 1)."""
    paste_turn: Annotated[float, Field(ge=0, le=180)] = 180.0
    """Largest turn of a pasted region in degrees, either way."""
    paste_size: NonNegative = 0.7
    """A pasted region is scaled by exp of up to this much, either way."""
    paste_fade: NonNegative = 0.5
    """Deviation of the logarithm of the factor on a pasted region's contrast to its surroundings, so that
    fainter and stronger defects are learnt than those at hand."""
    paste_decoys: Share = 0.5
    """Chance that a normal image of a batch carries a piece of another normal image, so that a seam alone
    is no defect. Paper: 0."""
    guard: Annotated[float, Field(gt=1)] = 2.0
    """An iteration whose loss on held-out normal images exceeds this many times the initial model's is
    undone, and self-training ends. Paper: none. inf: no guard but against NaN."""
    guard_floor: Share = 0.5
    """... but only where normal images are no longer reconstructed: the loss also exceeds this share of what
    a constant image at their mean would cost. A U-Net that copies well may lose a multiple of its loss
    and still reconstruct. Paper: none. 0: the guard alone."""
    guard_every: Count = 1000
    """Steps between two looks at the held-out loss; the last step is always looked at. In between it may
    be high for a while: running statistics of a batch-normalised network lag behind its weights."""

    # ---- pseudo-labels
    step: Annotated[float, Field(gt=0, le=1)] = 0.6
    """s of eq. 9: thresholds mu + n s sigma for 1 <= n s <= threshold_reach. Paper: 0.3."""
    threshold_reach: Annotated[float, Field(ge=1)] = 6.0
    """The last threshold lies at mu + this many sigma. Paper: 3 (eq. 9). Maps with a heavy tail need more to
    take a defect apart from what it touches."""
    alpha: Annotated[float, Field(gt=0, le=1)] | None = None
    """Anomaly grade threshold; None: the rule file's (0.8 by default). Paper: 0.8."""
    label_sigma: NonNegative = 2.0
    """Gaussian smoothing of the residual before the thresholds, in pixels at 256. Paper: 0."""
    min_area: Count = 8
    """Smallest region in pixels (at the model's size). Paper: 1."""
    label_margin: Annotated[int, Field(ge=0)] = 0
    """Labels within this many pixels of the border are dropped. Paper: 0."""
    accumulate: bool = True
    """Labels are the union over the iterations; else the labelled images fell from 14 to 3. Paper: no."""
    candidate_maps: Names = (
        "residual",
        "darkness",
        "darkness@2.5",
        "brightness",
        "brightness@2.5",
        "colour@1",
    )
    """Maps whose regions above the thresholds the rules judge: residual, or one of
    `kistdsl.regions.maps`, with `@P` behind it smoothed over P percent of the image's side (what the
    residual misses, a map of the image itself may hold). Paper: residual."""
    teacher: str = ""
    """Another network (cae, unet, memae, module:Class) trained on the normal images first, whose
    residual gives the first labels; empty: none. A U-Net near the identity labels almost nothing."""
    teacher_method: Rival = "l2"
    """How the teacher is trained (riad: by inpainting, so it cannot become the identity)."""
    teacher_epochs: Count = 40
    """Epochs of the teacher."""
    teacher_iterations: Count = 1
    """How many iterations take their labels from the teacher; the rest take the model's own."""
    rule_check: bool = True
    """Set aside rules that fire on held-out normal images with over `rule_check_ratio` of their share of
    area on the anomalous ones, and say so. Paper: no."""
    rule_check_ratio: Positive = 0.75
    """See `rule_check`: at 0.75 at least a quarter of what a rule labels is more than it labels anyway. At 0.5
    rules went that were worth their labels (Table I's on leather: 93.0/83.9 with, 92.3/82.3 without). Paper: no check."""
    left_out_rules: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Rules of the file, by name, that take no part: to see what each of them brings."""
    usual_places: Share = 0.1
    """With `rule_check`: what a rule finds at a place near which it fires on more than this share of the
    (other) held-out normal images is dropped first: the part's own edge is no crack. 1: nothing is. Paper: no check."""
    usual_distance: Annotated[int, Field(ge=0)] = 8
    """Near, for `usual_places`: within so many pixels at 256 (square window)."""

    # ---- test
    filter: Literal["guided", "gaussian", "none"] = "gaussian"
    """Filter of the map at test. Paper: guided; a Gaussian of 4 did better in trials."""
    filter_sigma: Positive = 4.0
    """Of the Gaussian, in pixels at 256."""
    guided_radius: Count = 16
    """r of the guided filter, in pixels at 256. Paper: 16."""
    guided_epsilon: Positive = 1e-3
    """Regularisation of the guided filter for images in [0, 1]. Paper: 0.001."""
    decision: Literal["false-alarms", "sigmas"] = "false-alarms"
    """Where the thresholds of masks come from: rates of false alarms on held-out normal images, or
    mu + `mask_sigmas` sigma of the normal training images. Paper: sigmas, which after KIST marks several
    times the defect, for mu and sigma shrink as normal images are reconstructed better."""
    false_alarms: OpenShare = 0.01
    """Share of normal images that may be an alarm (have any region in their mask). Paper: none."""
    false_pixels: OpenShare = 0.001
    """A found region reaches as far as the map exceeds what this share of normal pixels does. Paper: none."""
    mask_reach: Share = 0.25
    """A found region ends where the map falls below this share of the region's peak: half its height, for the
    map is the residual's square. Paper: none. 0: at `false_pixels` alone, twice the area of a strong defect."""
    mask_sigmas: NonNegative = 2.0
    """With `decision` sigmas: masks are the map above mu + this many sigma. Paper: 2 (Fig. 7)."""
    metric_size: Annotated[int, Field(ge=16)] | None = None
    """Side at which maps and masks are compared; None: `size`. It moves AUPRO by 5, so it is written
    into metrics.json. Paper: 256."""

    bootstrap: Annotated[int, Field(ge=0)] = 1000
    """Draws for the 95 % intervals of the final figures; 0: none. Paper: no intervals."""
    exclude: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Defect types without which the figures are given a second time. Paper: leaves `uneven` of MTD out."""

    # ---- networks
    latent: Count = 100
    """Length of the CAE's code. Bergmann et al.: 100 for textures, 500 for objects."""
    latent_layout: Literal["global", "spatial"] = "global"
    """One code for the image, or one at each place of the last feature map (not in the paper)."""
    cae_width: Count = 32
    """Channels of the CAE's first layers. Bergmann et al.: 32."""
    unet_width: Count = 8
    """Channels of the U-Net's first level. Ronneberger et al.: 64; 8 is for two CPU cores."""
    unet_depth: Annotated[int, Field(ge=1, le=7)] = 4
    """Halvings of the U-Net. Ronneberger et al.: 4."""
    unet_norm: Literal["none", "group", "batch"] = "batch"
    """Normalisation in the U-Net. Ronneberger et al.: none. batch trains in a fifth of the steps."""
    unet_upsampling: Literal["nearest", "transpose"] = "nearest"
    """How the U-Net grows its maps. Ronneberger et al.: transpose; nearest costs less on a CPU."""
    unet_padding: Literal["zeros", "reflect", "replicate"] = "zeros"
    """Border of the U-Net's convolutions."""
    unet_dropped_skips: Annotated[int, Field(ge=0)] = 0
    """Skips left out, from the top: without the top one a U-Net cannot copy single pixels."""
    memory_items: Count = 500
    """Rows N of MemAE's memory. Gong et al.: 100 to 2000."""
    memory_addressing: Literal["dot", "cosine"] = "dot"
    """Gong et al.: cosine, with which nearly all rows die at the start."""
    memory_temperature: Positive = 1.0
    """Divides the similarity before the softmax. Gong et al.: 1."""
    memory_shrink: NonNegative = 1.0
    """Hard-shrinkage threshold in units of 1/N. Gong et al.: 1 to 3."""
    memory_entropy: NonNegative = 2e-4
    """Weight of the addresses' entropy. Gong et al.: 2e-4."""

    # ---- rivals
    ffl_exponent: NonNegative = 1.0
    """Focal frequency loss: exponent of the weight. Jiang et al.: 1."""
    ffl_l2: NonNegative = 1.0
    """Weight of eq. 8 beside the focal frequency loss, which its authors add to a pixel loss."""
    wfd_gain: NonNegative = 4.0
    """Our reading of the weighted frequency loss: weight 1 + gain * (frequency / highest)."""
    riad_scales: Annotated[tuple[int, ...], Field(strict=False, min_length=1)] = (2, 4, 8, 16)
    """Sides in pixels of RIAD's squares, at 256 as in its paper; they scale with `size`, least 2."""

    # ---- machine
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: CUDA where there is a device."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: autocast of the network; losses stay float32."""
    compile: bool = False
    """torch.compile for the network."""
    infer_batch: Count = 32
    """Images at a time when only maps are made."""
    checkpoint_seconds: NonNegative = 20.0
    """Seconds between two checkpoints within a stage; they change nothing in the result."""

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.margin and self.margin >= self.size:
            raise ValueError(f"margin {self.margin} does not fit into size {self.size}")
        if any(side < 1 for side in self.riad_scales):
            raise ValueError("riad_scales must be positive")
        if self.anomalous_form == "log" and self.anomalous_bound == inf:
            raise ValueError(
                "anomalous_bound inf has a meaning with anomalous_form square only: log is scaled by it"
            )
        side = (self.size + 2 * self.margin) // 2**self.unet_depth
        if self.model == "unet" and self.unet_norm == "batch" and self.batch * side == 1:
            raise ValueError(
                f"batch 1 at size {self.size}: unet_norm batch needs more than one value a channel"
            )
        return self

    def scaled(self, pixels_at_256: float) -> float:
        """A length at 256 pixels, at this run's size."""
        return pixels_at_256 * self.size / 256

    @property
    def base_method(self) -> str:
        """The method whose loss normal images get."""
        return self.base if self.method == "kist" else self.method

    @property
    def anomalous_batch(self) -> int:
        """Pseudo-labelled images in a KIST batch: at least one, at least one normal beside them."""
        wanted = round(self.anomalous_share * self.iteration_batch)
        return min(max(wanted, 1), self.iteration_batch - 1)


def make_settings(values: Mapping[str, Any], *, preset: str | None = None) -> Settings:
    """Settings from a preset and what was said on top of it.

    Raises:
        InputError: an unknown name (with the nearest known one), a wrong type or a value out of range;
            all problems in one message.
    """
    if preset is not None and preset not in PRESETS:
        raise InputError(f"preset {preset!r}: not one of {', '.join(PRESETS)}")
    try:
        given = {name: inf if value == "inf" else value for name, value in values.items()}
        return Settings.model_validate({**PRESETS.get(preset or "", {}), **given})
    except ValidationError as error:
        problems = "; ".join(_problem(item) for item in error.errors(include_url=False))
        raise InputError(f"settings: {problems}") from error


def settings_json(settings: Settings) -> dict[str, Any]:
    """Settings as JSON; infinity is the text "inf", which `make_settings` reads too."""
    dumped = settings.model_dump(mode="python")
    return {
        name: "inf" if value == inf else list(value) if isinstance(value, tuple) else value
        for name, value in dumped.items()
    }


_AFTER_INITIAL = re.compile(
    "method|control|baselines|iteration|anomalous_|background_|paste|guard|step$|threshold_reach|alpha|label_"
    "|min_area|accumulate|candidate_maps|teacher|rule_check|left_out_rules|usual_|filter|decision|false_|mask_|metric_size|bootstrap|exclude|device"
    "|infer_batch|checkpoint_seconds"
)
"""Settings that an initial model does not depend on (its method is `base_method`)."""


def initial_key(settings: Settings) -> str:
    """Two runs on the same images with equal keys have the same initial model."""
    kept = {name: value for name, value in settings_json(settings).items() if not _AFTER_INITIAL.match(name)}
    return json.dumps({**kept, "base": settings.base_method}, sort_keys=True)


def _problem(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        return f"no setting {name!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
    message = error["msg"].removeprefix("Value error, ")
    return f"{name} = {error['input']!r}: {message}" if name else message


def read_toml(path: str | Path) -> dict[str, Any]:
    """Settings of a TOML file: a flat table of names and values.

    Raises:
        InputError: the file is missing or is no TOML, naming file and line.
    """
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no TOML: {error}") from error


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """`name=value` strings; a value is read as TOML, `none` as no value or as that choice, or else taken as text.

    >>> parse_assignments(["epochs=3", "model=cae", "candidate_maps=['residual']"])
    {'epochs': 3, 'model': 'cae', 'candidate_maps': ['residual']}

    Raises:
        InputError: no `=`.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise InputError(f"--set {assignment!r}: expected name=value")
        values[name.strip()] = _toml_value(name.strip(), text.strip())
    return values


def _toml_value(name: str, text: str) -> Any:
    if text.lower() == "none":
        setting = Settings.model_fields.get(name)
        return text.lower() if setting and "none" in get_args(setting.annotation) else None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
