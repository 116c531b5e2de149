# Everything a newcomer needs: `make demo` and `make test`. Python 3.11 or newer, make and git are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-bench

LOWEST := .venv-lowest
PIP := -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --require-hashes --no-deps --requirement
SPHINX := $(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --fresh-env --quiet
ITSELF := $(PIP) --no-build-isolation --no-deps --editable .

.PHONY: demo test test-spark test-browser test-lowest lint check docs docs-links golden bench torture locks audit clean

$(READY): pyproject.toml locks/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(LOCKED) locks/dev.txt
	$(BIN)/python $(ITSELF)
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
	@echo "Spark and the review page have tests of their own, which need Java and Chromium: make test-spark test-browser"

test-spark: $(READY)  ## Run the tests of Spark, on clusters of two workers on this machine.
	@java -version >/dev/null 2>&1 || \
	  { echo "make test-spark: no Java; expected \`java\` 17 or newer on the PATH (apt-get install openjdk-17-jre-headless)" >&2; exit 1; }
	$(BIN)/python $(LOCKED) locks/spark.txt
	$(BIN)/python -m pytest -p no:randomly -o testpaths=tests/spark -o addopts='--strict-config --strict-markers -ra'

test-browser: $(READY)  ## Run the tests of the page of `cleaner report`, in Chromium.
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	  echo "make test-browser: no Chromium; expected \`chromium\` on the PATH (apt-get install chromium)" >&2; exit 1
	$(BIN)/python $(LOCKED) locks/browser.txt
	$(BIN)/python -m pytest -o testpaths=tests/browser -o addopts='--strict-config --strict-markers -ra'

$(LOWEST)/.ready: pyproject.toml locks/lowest.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python $(LOCKED) locks/lowest.txt
	$(LOWEST)/bin/python $(ITSELF)
	@touch $@

# Old versions of other packages are deprecated by others; that is theirs.
test-lowest: $(LOWEST)/.ready  ## Run tests with the lowest versions that pyproject.toml allows. ARGS="tests/test_seeds.py"
	$(LOWEST)/bin/python -m pytest -n auto -W ignore::DeprecationWarning $(ARGS)

lint: $(READY)  ## Style and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test

docs: $(READY)  ## Make docs/_build/html of docs/. A warning, such as one of a link that leads nowhere, is an error.
	$(BIN)/python $(LOCKED) locks/docs.txt
	@mkdir -p docs/_build
	$(BIN)/typer cleaner.cli utils docs --name cleaner --output docs/_build/options.md
	$(SPHINX) -b html docs docs/_build/html

docs-links: docs  ## Follow the links to other people's pages, which takes the network.
	$(SPHINX) -b linkcheck docs docs/_build/links

golden: $(READY)  ## Accept the present output for seeds/ as golden. Look at the diff first.
	$(BIN)/cleaner check seeds --golden golden/seeds --update

# The peers bear no common environment: each has its own.
$(PEERS)/%/.ready: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --group bench-$* || \
	  { echo "$*: cannot be installed; expected its wheels for $(PYTHON) on PyPI (PYTHON=python3.11 make bench)" >&2; exit 1; }
	@touch $@

bench: $(READY) $(PEERS)/dolma/.ready $(PEERS)/datatrove/.ready  ## Speed and memory beside peers. ARGS="--documents 1000 --runs 1", "--scale", "--docs"
	$(BIN)/python -m tests.benchmarks.speed $(ARGS)

torture: $(READY)  ## Kills, faults, hostile input: what was tried, how often, what happened. ARGS="kill", "--hours 1", "--docs"
	$(BIN)/python $(LOCKED) locks/torture.txt
	$(BIN)/python -m tests.torture $(ARGS)

.venv-tools/bin/%:
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python $(PIP) uv pip-audit

locks: .venv-tools/bin/uv  ## Renew locks/, which pins what tests install. Look at the diff.
	PATH="$(CURDIR)/.venv-tools/bin:$$PATH" locks/renew

audit: .venv-tools/bin/pip-audit  ## Ask the advisory database for known weaknesses of what is pinned.
	for pins in dev spark browser docs lowest; do .venv-tools/bin/pip-audit --disable-pip --no-deps --requirement locks/$$pins.txt || exit 1; done

clean:
	rm -rf $(VENV) $(PEERS) $(LOWEST) .venv-tools demo-out docs/_build dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
