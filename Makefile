# Everything a newcomer needs: `make demo` and `make test`. Python 3.11 or newer, make and git are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-bench

.PHONY: demo test test-spark lint check golden bench torture clean

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

demo: $(READY)  ## Clean seeds/ and show what was done.
	@rm -rf demo-out && mkdir demo-out
	$(BIN)/cleaner clean seeds --out demo-out/cleaned
	@echo
	@echo "Bodies, report.jsonl (every cut, and why) and summary.json:"
	@ls -1 demo-out/cleaned/* | sed 's/^/  /'
	@echo
	@echo "Why the end of the first document was cut:"
	@$(BIN)/cleaner learn seeds --out demo-out/seeds.idx
	@$(BIN)/cleaner explain seeds/000_6ac200c3676267cd.txt:10741 --index demo-out/seeds.idx | cut -c1-160

test: $(READY)  ## Run all tests.
	$(BIN)/python -m pytest -n auto
	@echo "Spark has tests of its own, which need Java: make test-spark"

test-spark: $(READY)  ## Run the tests of Spark, on clusters of two workers on this machine.
	@java -version >/dev/null 2>&1 || \
	  { echo "make test-spark: no Java; expected \`java\` 17 or newer on the PATH (apt-get install openjdk-17-jre-headless)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[spark]'
	$(BIN)/python -m pytest -p no:randomly -o testpaths=tests/spark -o addopts='--strict-config --strict-markers -ra'

lint: $(READY)  ## Style and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test

golden: $(READY)  ## Accept the present output for seeds/ as golden. Look at the diff first.
	$(BIN)/cleaner check seeds --golden golden/seeds --update

# The peers bear no common environment: each has its own.
$(PEERS)/%/.ready: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --group bench-$* || \
	  { echo "$*: cannot be installed; expected its wheels for $(PYTHON) on PyPI (PYTHON=python3.11 make bench)" >&2; exit 1; }
	@touch $@

bench: $(READY) $(PEERS)/dolma/.ready $(PEERS)/datatrove/.ready  ## Speed and memory beside peers. ARGS="--documents 1000 --runs 1", "--scale", "--readme"
	$(BIN)/python -m tests.benchmarks.speed $(ARGS)

torture: $(READY)  ## Kills, faults, hostile input: what was tried, how often, what happened. ARGS="kill", "--hours 1", "--readme"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group torture
	$(BIN)/python -m tests.torture $(ARGS)

clean:
	rm -rf $(VENV) $(PEERS) demo-out dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
