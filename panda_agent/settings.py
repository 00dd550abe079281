"""Settings: flags > environment (PANDA_*) > panda.toml > defaults; `origin_of` tells where a value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from panda_agent.errors import UserError

Tier = Literal["auto", "bare", "weights", "model"]
"""bare: no network, weights or key. weights: local detectors and encoders. model: an OpenAI-compatible endpoint."""


class Group(BaseModel):
    """Base of the groups of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoSettings(Group):
    """How videos are read."""

    max_pixels: int = Field(default=36_000_000, gt=0)
    """Largest picture that is decoded; 8K has 33 million pixels."""


class PerceptionSettings(Group):
    """How closely the first pass looks at everything."""

    max_fps: float = Field(default=15.0, gt=0)
    """Frames looked at a second; a slower video is looked at frame by frame."""
    max_side: int = Field(default=384, ge=96)
    """Longer side of the reduced picture, pixels."""
    lookahead_frames: int = Field(default=300, ge=2)
    """Frames buffered at the start to learn the background from; a video that fits is seen whole first."""


class ObjectSettings(Group):
    """How `track_objects` finds and follows objects by name, where it is given detector weights."""

    tracker: Literal["bytetrack", "botsort"] = "bytetrack"
    """ByteTrack, or BoT-SORT, which also makes up for a moving camera."""
    max_fps: float = Field(default=10.0, gt=0)
    """Pictures looked at a second."""
    max_side: int = Field(default=640, ge=96)
    """Longer side of the picture that the detector sees, pixels; weights exported at one size keep to that."""
    least_confidence: float = Field(default=0.1, gt=0, lt=1)
    """Weaker detections are dropped; trackers bridge gaps with weak ones."""
    classes: tuple[str, ...] = ()
    """What to look for, with open-vocabulary weights; empty keeps the classes of the weights."""
    weights: str | None = None
    """Detector weights: a path, or a name that Ultralytics knows and may fetch where the network is allowed. None takes
    the first usable file in the folder `weights`."""


class ClipSettings(Group):
    """CLIP for `retrieve_frames`, by open_clip."""

    model: str = "ViT-B-32"
    """A model that open_clip knows."""
    pretrained: str | None = None
    """The path of a checkpoint, or a tag of open_clip, which it may fetch where the network is allowed; None takes
    `<model>.pt`, `.safetensors` or `.bin` in the folder `weights`."""
    fps: float = Field(default=1.0, gt=0)
    """Frames a second that are indexed."""


class LoopSettings(Group):
    """The detective's loop (PANDA, NeurIPS 2025, uses 5-second clips and at most 3 rounds)."""

    clip_seconds: float = Field(default=5.0, gt=0)
    min_clips: int = Field(default=3, ge=1)
    rounds: int = Field(default=3, ge=0, le=10)
    """How often an unclear clip is looked at again."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Belief from which a moment counts as anomalous."""
    unsure: float = Field(default=0.15, ge=0, lt=0.5)
    """A clip whose score lies this near to the threshold is looked at again."""
    abstain: float = Field(default=0.04, ge=0, lt=0.5)
    """A verdict whose score still lies this near to the threshold is inconclusive."""
    ask_human: bool = False
    """Ask a person about clips that stay unclear; the case waits for the answer."""
    max_blind: float = Field(default=0.4, ge=0, le=1)
    """Share of the video without a picture above which "normal" can't be said."""
    one_source_cap: float = Field(default=0.8, gt=0, le=1)
    """Highest confidence from one kind of source."""
    cap: float = Field(default=0.97, gt=0, le=1)
    """Highest confidence from any number of sources: rules that agree can all be wrong."""


class BudgetSettings(Group):
    """Limits of one case; None means no limit. Running out ends in `inconclusive (budget)`, never in an error."""

    looks: int | None = Field(default=60, ge=0)
    """Second looks."""
    seconds: float | None = Field(default=None, gt=0)
    """Time of one run."""
    calls: int | None = Field(default=200, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    money: float | None = Field(default=None, ge=0)
    steps: int = Field(default=100_000, gt=0)
    """Steps of the graph."""


class ModelSettings(Group):
    """The endpoint of a language model; its key comes from PANDA_API_KEY or OPENAI_API_KEY and is kept nowhere."""

    base_url: str | None = None
    """Like http://localhost:8000/v1; None means that no model is used."""
    name: str | None = None
    """The model; None takes the one that the endpoint serves, where it serves one."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that one request may take."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Requests under way at a time."""
    max_tokens: int = Field(default=1000, ge=1)
    """Tokens of one reply, at most."""
    frames: int = Field(default=8, ge=1, le=26)
    """Pictures of one clip, at most; each has a letter."""
    image_side: int = Field(default=768, ge=64, le=4096)
    """Longer side of a picture that is sent, pixels."""
    image_bytes: int = Field(default=1_500_000, ge=20_000)
    """Largest picture that is sent, bytes of JPEG; a larger one is compressed further."""
    score_mode: Literal["decoded", "expected_token", "yes_no"] = "yes_no"
    """How an answer becomes a number: as written, or from the probabilities of tokens where the endpoint gives them."""
    seed: int | None = 0
    """Sent where the endpoint takes one."""
    price_in: float = Field(default=0.0, ge=0)
    """Money for a million tokens read; for accounting and `budget.money`."""
    price_out: float = Field(default=0.0, ge=0)
    """Money for a million tokens written."""


JUDGING = {"tier", "rules", "prompts", "video", "perception", "objects", "clip", "loop", "budget", "model"}
NOT_JUDGING = {
    "objects": ("weights",),
    "clip": ("pretrained",),
    "model": ("base_url", "timeout", "concurrency", "price_in", "price_out"),
}
"""Where things lie and what they cost: free to change between the runs of a case. Weights are known by their hash."""


class Settings(BaseSettings):
    """Everything that can be set. Each name is a key of panda.toml and, as PANDA_<NAME>, an environment variable."""

    model_config = SettingsConfigDict(
        env_prefix="PANDA_",
        env_nested_delimiter="__",
        toml_file="panda.toml",
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(default_factory=lambda: Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")) / "panda_agent")
    """Where cases and memories live."""
    weights: Path | None = None
    """Folder of detector and encoder weights."""
    data: Path | None = None
    """Folder of data sets."""
    tier: Tier = "auto"
    rules: str = "general"
    """A rule pack that ships, or the path of one."""
    prompts: str = "default"
    """A prompt pack that ships, or the path of one: what a model is told."""
    video: VideoSettings = VideoSettings()
    perception: PerceptionSettings = PerceptionSettings()
    network: bool = False
    """Whether weights may be fetched and the web searched; a model endpoint is reached whatever this says."""
    objects: ObjectSettings = ObjectSettings()
    clip: ClipSettings = ClipSettings()
    loop: LoopSettings = LoopSettings()
    budget: BudgetSettings = BudgetSettings()
    model: ModelSettings = ModelSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, panda.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def root(self) -> Path:
        """`home` with ~ resolved."""
        return self.home.expanduser()

    def judging(self) -> dict[str, Any]:
        """The settings that can change a verdict (not where things lie); kept with the case and in its provenance."""
        kept = self.model_dump(mode="json", include=JUDGING)
        for group, places in NOT_JUDGING.items():
            for name in places:
                del kept[group][name]
        return kept


def load_settings(**flags: Any) -> Settings:
    """Read settings from all sources; `flags` that are None are left to the others.

    Raises:
        UserError: A value is wrong; the sentence names it and where it came from.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"Setting {name!r} is wrong: {first['msg']} (got {first.get('input')!r}).",
            hint=f"Mend it in panda.toml or in the environment (PANDA_{name.upper().replace('.', '__')}).",
        ) from error
    except ValueError as error:  # a panda.toml that is not TOML
        raise UserError(f"panda.toml can't be read: {error}.", hint="Mend it or move it away.") from error


def origins(**flags: Any) -> dict[str, str]:
    """Name the source of each setting: `flag`, `environment`, `panda.toml` or `default`."""
    settings = load_settings(**flags)
    layers = (
        ("flag", {name: value for name, value in flags.items() if value is not None}),
        ("environment", _environment()),
        ("panda.toml", TomlConfigSettingsSource(Settings)()),
    )
    found: dict[str, str] = {}
    for name in _leaves(settings.model_dump(mode="json")):
        found[name] = next((label for label, layer in layers if _has(layer, name.split("."))), "default")
    return found


def _environment() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in os.environ:
        if key.upper().startswith("PANDA_"):
            node = tree
            *path, leaf = key[6:].lower().split("__")
            for part in path:
                node = node.setdefault(part, {})
            node[leaf] = True
    return tree


def _has(layer: Any, path: list[str]) -> bool:
    for part in path:
        if not isinstance(layer, dict):
            return layer is not None
        if part not in layer:
            return False
        layer = layer[part]
    return True


def _leaves(tree: dict[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in tree.items():
        names += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return names
