# Two commands on a fresh machine with Python 3.11 to 3.13: `make demo` and `make test`. Each installs what it needs.

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell $(p) -c '' 2>/dev/null && echo $(p))))
VENV := .venv
RUN := $(VENV)/bin
CONSTRAINTS := constraints.txt

.PHONY: help install demo test soak lint parity paper-table clean

help:
	@echo "make demo    the whole main job on a synthetic corpus; VIDEO=my.mp4 draws over a video of yours, too"
	@echo "make test    ruff, mypy and the tests"
	@echo "make soak    what takes minutes: runs that are killed twenty times, 20,000 frames through one worker"
	@echo "make install .venv with pinned versions, and the BlazePose weights"
	@echo "make parity  our tracker against mp.solutions.pose 0.10.21, which gets an environment of its own"
	@echo "make paper-table  our PCK beside the paper's, on Leeds Sports Pose Extended; LSPET=folder NETWORK=landmarks.tflite OPENPOSE=program"
	@echo "make clean   remove what the others made"

install: $(VENV)/installed

# `pip install -e` maps the folders under the name posegloss; without build isolation the pinned setuptools is used.
$(VENV)/installed: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), "posegloss needs Python 3.11, 3.12 or 3.13"'
	test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) setuptools
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -c $(CONSTRAINTS) -e ".[dev]"
	$(RUN)/posegloss models fetch
	touch $@

demo: install
	$(RUN)/posegloss demo --out demo $(if $(VIDEO),--video "$(VIDEO)")

test: install lint
	$(RUN)/python -m pytest -n 2 --dist loadfile

soak: install
	$(RUN)/python -m pytest -m "soak or not soak" tests/soak

lint: install
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	# mypy reads an installed copy from another folder: at the top level lies the folder `datasets`, not `posegloss.datasets`.
	rm -rf .typecheck build && $(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--target .typecheck .
	cd .typecheck && MYPYPATH=. ../$(RUN)/mypy --config-file ../pyproject.toml --cache-dir ../.mypy_cache -p posegloss

parity: install
	$(RUN)/python -m benchmarks.parity

paper-table: install
	$(RUN)/python -m benchmarks.paper_table $(if $(LSPET),--lspet "$(LSPET)") \
		$(if $(NETWORK),--network "$(NETWORK)") $(if $(OPENPOSE),--openpose "$(OPENPOSE)")

clean:
	rm -rf $(VENV) .venv-reference .typecheck build demo *.egg-info
