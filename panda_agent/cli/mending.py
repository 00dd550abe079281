"""One-line mends for what is missing on a machine; crash messages and `panda doctor` give the same advice."""

from __future__ import annotations

_LIBRARIES = {
    "libGL.so": "apt-get install libgl1",
    "libgthread": "apt-get install libglib2.0-0",
    "libglib": "apt-get install libglib2.0-0",
    "libGLdispatch": "apt-get install libglvnd0",
    "libxcb": "apt-get install libxcb1",
    "libgomp": "apt-get install libgomp1",
}


def mend_import(error: ImportError) -> str:
    """Say why a library can't be loaded, and the one command that mends it."""
    library = error.name or "a library"
    for name, command in _LIBRARIES.items():
        if name in str(error):
            return f"{library} can't be loaded, the system library {name} is missing. Run `{command}` (or its like)."
    if isinstance(error, ModuleNotFoundError):
        return f"the Python package of {library} is missing. Run `pip install --force-reinstall panda-agent`."
    return f"{library} can't be loaded: {error}. Run `panda doctor`."
