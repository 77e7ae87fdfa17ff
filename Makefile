# Everything a new machine needs is python3 (3.11 or newer, with venv and pip), make and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := tests/data/sample.pdf

.PHONY: demo test check faults fuzz soak lock licences screenshots clean

demo: $(VENV)/runtime
	@$(BIN)/galley models path >/dev/null 2>&1 || $(BIN)/galley models pull >/dev/null
	@mkdir -p .demo
	$(BIN)/galley clean $(SAMPLE) -o .demo/clean_sample.txt --session-dir .demo/sessions
	@echo
	@head -n 9 .demo/clean_sample.txt
	@echo
	@echo "The whole text: .demo/clean_sample.txt"

test: $(VENV)/dev
	$(BIN)/python -m pytest

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest tests/test_layering.py
	$(BIN)/python tools/check_wheel.py
	$(BIN)/python tools/licences.py
	$(BIN)/python tools/audit.py

# Processes stopped for a minute and a server gone for ten, in full; the test suite has the same in seconds.
faults: $(VENV)/dev
	GALLEY_FULL_FAULTS=1 $(BIN)/python -m pytest tests/test_faults_processes.py -k for_a_while

# Mutated PDFs and sessions for FUZZ_SECONDS (60); what is found is kept in .fuzz/.
fuzz: $(VENV)/dev
	$(BIN)/python tools/fuzz.py

# Many documents with faults injected at random, for SOAK_SECONDS (300).
soak: $(VENV)/dev
	$(BIN)/python tools/soak.py

lock: $(VENV)/dev
	$(BIN)/python tools/lock.py

# docs/licences.md, from what the installed packages say.
licences: $(VENV)/dev
	$(BIN)/python tools/licences.py --write

# Pictures in docs/, from the real app on the sample.
screenshots: $(VENV)/dev
	$(BIN)/python tools/screenshots.py

clean:
	rm -rf $(VENV) .demo .fuzz build dist *.egg-info

# A stamp each, so that a second call starts at once; a changed lock or pyproject.toml builds again.
$(VENV)/runtime: requirements/runtime.txt requirements/uv.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/build_venv.sh $(VENV) requirements/runtime.txt
	@touch $@

$(VENV)/dev: requirements/dev.txt requirements/uv.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/build_venv.sh $(VENV) requirements/dev.txt
	@touch $@ $(VENV)/runtime
