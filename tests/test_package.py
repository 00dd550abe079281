"""The package as a whole: what is shipped, what is imported, and that the docs match the code."""

import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAPPED = {"tools": "panda_agent.tools", "memory": "panda_agent.memory", "prompts": "panda_agent.prompts"}


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def folders_with_code():
    """Every folder that must be shipped, as a package name."""
    found = set()
    for top, name in {"panda_agent": "panda_agent", **MAPPED}.items():
        for folder in [ROOT / top, *(ROOT / top).rglob("*")]:
            shipped = any(folder.glob("*.py")) or any(folder.glob("*.j2"))
            if folder.is_dir() and folder.name != "__pycache__" and shipped:
                found.add(".".join([name, *folder.relative_to(ROOT / top).parts]))
    return found


def test_every_folder_of_code_is_listed_in_pyproject():
    assert set(pyproject()["packages"]) == folders_with_code()


def test_every_module_imports_and_none_under_a_bare_name():
    code = (
        "import importlib, pkgutil, sys, panda_agent\n"
        "names = [m.name for m in pkgutil.walk_packages(panda_agent.__path__, 'panda_agent.')"
        " if '__main__' not in m.name]\n"
        "names += [m.name for p in ('tools', 'memory', 'prompts') for m in pkgutil.walk_packages("
        "importlib.import_module(f'panda_agent.{p}').__path__, f'panda_agent.{p}.')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(len(set(names)), [n for n in ('tools', 'memory', 'prompts') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    count, bare = done.stdout.strip().split(" ", 1)
    assert int(count) > 50
    assert bare == "[]"


def test_importing_the_package_loads_nothing_heavy_and_prints_nothing():
    heavy = {"torch", "cv2", "faiss", "av", "langgraph", "ultralytics", "numpy"}
    code = f"import sys, panda_agent; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_public_names_are_there_and_documented():
    import panda_agent

    for name in panda_agent.__all__:
        assert getattr(panda_agent, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        panda_agent.nonsense  # noqa: B018


def test_every_public_name_of_every_module_has_a_docstring():
    import panda_agent

    missing = []
    for found in pkgutil.walk_packages(panda_agent.__path__, "panda_agent."):
        if "__main__" not in found.name:
            module = importlib.import_module(found.name)
            if not module.__doc__:
                missing.append(found.name)
    assert missing == []


def test_the_architecture_picture_is_drawn_from_the_import_contract():
    spec = importlib.util.spec_from_file_location("draw_architecture", ROOT / "docs" / "draw_architecture.py")
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    assert (ROOT / "docs" / "architecture.svg").read_text() == drawing.svg(), "run python docs/draw_architecture.py"


def test_no_file_names_a_machine_of_ours():
    words = re.compile(r"/work/|\.library|/opt/wheels|/tmp/bash_jobs")
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.splitlines()
    texts = [ROOT / name for name in listed if not name.endswith((".png", ".mp4", ".npz", "test_package.py"))]
    assert [str(path) for path in texts if path.is_file() and words.search(path.read_text(errors="replace"))] == []
