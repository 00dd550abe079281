#!/bin/sh
# mypy over what users get: the wheel, installed in a scratch folder, away from the checkout (whose root folders
# tools/, memory/ and prompts/ mypy can't map to panda_agent.*).
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=$(pwd)/.venv/bin/python
"$python" -m build --wheel --outdir "$scratch" . >/dev/null
"$python" -m pip install -q --no-deps --target "$scratch/site" "$scratch"/*.whl
config=$(pwd)/pyproject.toml
cd "$scratch"
MYPYPATH="$scratch/site" "$python" -m mypy --config-file "$config" -p panda_agent
