#!/bin/sh
# Import contract and mypy over what users get: the wheel, installed in a scratch folder, away from the checkout (whose
# root folders tools/, memory/ and prompts/ neither can map to panda_agent.*). By way of the sdist, so that the wheel
# holds nothing that lies in build/ from earlier.
set -eu
root=$(pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python="$root/.venv/bin/python"
"$python" -m build --outdir "$scratch" . >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
"$python" -m pip install -q --no-deps --target "$scratch/site" "$scratch"/*.whl
cd "$scratch"
PYTHONPATH="$scratch/site" "$root/.venv/bin/lint-imports" "$root/.importlinter" --no-cache
MYPYPATH="$scratch/site" "$python" -m mypy --config-file "$root/pyproject.toml" -p panda_agent
