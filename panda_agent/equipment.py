"""What a case works with: its tier, the weights that are at hand, and the model endpoint.

`auto` takes what is there and says so; what was named and is not there is a usage error, never a silent fallback.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.perception.ultralytics_home import settled_ultralytics
from panda_agent.prompts.prompt_packs import PromptPack, load_prompts
from panda_agent.settings import Settings

SUFFIXES = (".onnx", ".pt")
"""Detector weights that are looked for in the folder of weights."""
MARK = b"ltralytics"
"""Stands in every file of weights that Ultralytics wrote, and in no other."""
WORKS_WITH = {
    "bare": "motion, tracks and rules",
    "weights": "motion, tracks, rules and named objects",
    "model": "motion, tracks, rules and a language model that describes what it sees",
}


@dataclass(frozen=True)
class Equipment:
    """What is at hand for one case."""

    tier: str = "bare"
    """bare, weights or model."""
    why: str = "as asked for"
    """Why it is this tier."""
    detector: Path | None = None
    """Weights that Ultralytics loads."""
    prompts: PromptPack | None = None
    """What the model is told; None without a model."""
    person: bool = False
    """Somebody may be asked."""
    strict: bool = False
    """Tier or weights were named: what can't be used then is an error, not a reason to go on without."""
    hashes: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file of weights, by what it is for: other weights make it another case."""

    def __str__(self) -> str:
        named = f" ({self.detector.name})" if self.detector is not None else ""
        return f"tier {self.tier} ({self.why}): {WORKS_WITH[self.tier]}{named}"


def equip(settings: Settings) -> Equipment:
    """Find out what the settings leave a case to work with.

    Raises:
        UserError: The tier, or a file, was named and is not there.
    """
    found = replace(_weights(settings), person=settings.loop.ask_human)
    if settings.tier == "model" or (settings.tier == "auto" and settings.model.base_url is not None):
        if settings.model.base_url is None:
            raise UserError(
                "The tier 'model' needs a model endpoint, and none is set.",
                hint="Set model.base_url (PANDA_MODEL__BASE_URL) to one like http://localhost:8000/v1.",
            )
        why = "as asked for" if settings.tier == "model" else "auto: model.base_url is set"
        prompts = load_prompts(settings.prompts)
        hashes = found.hashes | {"prompts": prompts.sha256}
        return replace(found, tier="model", why=why, prompts=prompts, hashes=hashes)
    return found


def _weights(settings: Settings) -> Equipment:
    """What is at hand without a model."""
    if settings.tier == "bare":
        return Equipment()
    strict = settings.objects.weights is not None or settings.tier != "auto"
    detector = detector_weights(settings)
    if detector is not None:
        why = "as asked for" if settings.tier == "weights" else "auto found detector weights"
        return Equipment("weights", why, detector, strict=strict, hashes={"detector": sha256_of(detector)})
    if settings.tier == "weights":
        raise UserError(_missing(settings), hint="Set PANDA_WEIGHTS to a folder with YOLO weights, or use --tier bare.")
    return Equipment("bare", f"auto found nothing more: {_missing(settings)[:-1]}")


def detector_weights(settings: Settings) -> Path | None:
    """The detector's weights: those of `objects.weights`, else the first usable file, by name, of the folder `weights`.

    Raises:
        UserError: `objects.weights` names a file that is not there.
    """
    wanted, folder = settings.objects.weights, _folder(settings)
    if wanted is None:
        return next((path for path in _files(folder) if _is_usable(path)), None)
    places = [Path(wanted).expanduser(), *([folder / wanted] if folder is not None else [])]
    found = next((path for path in places if path.is_file()), None)
    if found is not None:
        return found
    if settings.network and Path(wanted).name == wanted:
        return _fetched(wanted, settings.root)
    raise UserError(
        f"There are no detector weights {wanted!r} (setting objects.weights).",
        hint="Give the path of a .pt or .onnx file; names are fetched only where `network` is true.",
    )


def _fetched(name: str, home: Path) -> Path:
    """Weights by a name that Ultralytics knows, from where it keeps them; it fetches them once.

    Raises:
        UserError: It can't.
    """
    path = home / "weights" / name
    if path.is_file():
        return path
    with settled_ultralytics(home / "ultralytics", offline=False):
        from ultralytics.utils.downloads import attempt_download_asset

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        attempt_download_asset(path)
    except Exception as error:  # boundary: whatever the network or the library does
        raise UserError(f"Ultralytics can't fetch {name!r}: {' '.join(str(error).split())[:200]}.") from error
    if not path.is_file():
        raise UserError(
            f"Ultralytics knows no weights {name!r}, or is offline.", hint="Set objects.weights to a file you have."
        )
    return path


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder(settings: Settings) -> Path | None:
    return None if settings.weights is None else settings.weights.expanduser()


def _files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())


def _is_usable(path: Path) -> bool:
    """Whether Ultralytics wrote the file: other makers' networks answer in a language of their own."""
    try:
        return MARK in path.read_bytes()
    except OSError:
        return False


def _missing(settings: Settings) -> str:
    folder = _folder(settings)
    if folder is None:
        return "No folder of weights is set (PANDA_WEIGHTS)."
    if not folder.is_dir():
        return f"The folder of weights {folder} is not there."
    return f"The folder {folder} holds no detector weights that Ultralytics wrote."
