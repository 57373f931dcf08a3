# Every target sets itself up: Python 3.11+, pip, make and git are all it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Two steps of one environment: what users install, and what else the tests and tools need.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Tests start hundreds of processes: where the environment forbids to keep what Python compiled, each
# would compile all that it imports.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test test-fast serve lint bench

demo: $(READY)
	$(BIN)/artqr-mock demo

serve: $(READY)
	$(BIN)/artqr-mock serve

# Many tests wait for a process or a timeout: half as many workers more than there are cores.
test: $(READY_DEV)
	$(BIN)/python -m pytest --dist worksteal -n $$(( ($$(getconf _NPROCESSORS_ONLN || echo 2) * 3 + 1) / 2 ))

test-fast: $(READY_DEV)
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow" --hypothesis-profile=quick \
	  tests/unit tests/store tests/api tests/project

lint: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# ARGS are parts and options: `make bench ARGS="submit --quick"`.
bench: $(READY_DEV)
	$(BIN)/python -m benchmarks $(ARGS)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -c constraints.txt -e .
	touch $@

$(READY_DEV): $(READY)
	$(INSTALL) -c constraints.txt -e '.[dev]'
	# An old client whose files would overwrite those of a newer one lives in a folder of its own.
	$(INSTALL) --no-deps --upgrade --target $(VENV)/clients aliyun-api-gateway-sign==1.0.4
	touch $@
