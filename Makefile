# Every chore of the project: `make help` lists them. Nothing is needed but Python 3.11 or newer.
#
# PYTHON chooses the interpreter that the environments are made with; HOST and PORT are where `make run` serves.

HOST ?= 127.0.0.1
PORT ?= 5000
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$python >/dev/null 2>&1 \
	&& $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)
ARGS ?=
TO ?= default

BIN := .venv/bin
# The lock is its own constraint, too: older versions of pip do not see otherwise that name[extra] is pinned as name.
install = $(faster)$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(2) -c $(2)
# With UV=uv, that installs, in a fifth of the time. It knows nothing of how pip is configured; where it fails, pip tries.
faster = $(if $(UV),$(UV) pip install --quiet --system-certs --compile-bytecode --python $(1)/bin/python --require-hashes -r $(2) || )
SOURCES := kohonen app tests benchmarks notebooks setup.py

# An environment is brought up to its lock when that is newer than the stamp.
RUN := .venv/.run
DEV := .venv/.dev
SAM := .venv-sam/.sam
BENCH := .venv-bench/.bench
EXAMPLES := .venv-examples/.examples
WHEELS := .venv-wheels/.wheels
AUDIT := .venv-audit/.audit
CHECKOV := .venv-checkov/.checkov
E2E := .venv-e2e/.e2e
WORKBENCH := .venv-workbench/.workbench

# The compiled kernel, in place. Without a C compiler there is none, and NumPy serves.
KERNEL := kohonen/kernel/libkohonen.so

.DEFAULT_GOAL := help
.PHONY: help run test workbench e2e lint infra format types examples bench load coldstart wheels locks environments deploy audit sbom openapi clean
.PHONY: build up api train notebook logs down

help: ## Show this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /  make \1@/' | tr '@' '\t' | expand -t 16

run: $(RUN) $(KERNEL) ## Serve on HOST:PORT, by default 127.0.0.1:5000
	@HOST=$(HOST) PORT=$(PORT) exec $(BIN)/python -m app serve

test: $(DEV) $(SAM) $(KERNEL) ## Run every test; kohonen must be covered completely, branches included
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report
	$(BIN)/python -m coverage report --include='kohonen/*' --omit=$(OF_WORKBENCH) --fail-under=100 >/dev/null \
		|| { echo 'kohonen is not covered completely' >&2; exit 1; }

# What needs MLflow, which is large and pins much, is tested in an environment of its own.
OF_WORKBENCH := kohonen/mlflow.py,kohonen/mlflow_inputs.py,kohonen/pyfunc.py,kohonen/cli/tracking.py,kohonen/experiments/mlflow.py
workbench: export COVERAGE_FILE := .coverage.workbench
workbench: $(WORKBENCH) $(KERNEL) ## Test what needs MLflow, Jupyter or Docker Compose
	.venv-workbench/bin/python -m pytest tests/workbench --cov --cov-report= $(ARGS)
	.venv-workbench/bin/python -m coverage report --include=$(OF_WORKBENCH) --fail-under=100

e2e: $(DEV) $(E2E) $(SAM) $(KERNEL) ## Build both images and hold them, SAM, S3 and a browser to what they promise; needs Docker
	.ci/e2e $(ARGS)

build: ## Build the images of compose.yaml, which has all of the product on one machine
	docker compose --profile '*' build

up: ## Serve the API, workers, an S3 server and MLflow, with Docker Compose
	docker compose up --build --detach --wait

api: ## Serve the API and what it needs alone
	docker compose up --build --detach --wait api

train: ## Train a map once, for that API to serve and MLflow to know
	docker compose run --build --rm train

notebook: ## Serve Jupyter with notebooks/, at the address that it prints
	docker compose --profile notebook up --build notebook

logs: ## Follow what the containers say
	docker compose --profile '*' logs --follow

down: ## Stop them all; models and runs stay, in volumes
	docker compose --profile '*' down

lint: $(DEV) ## Check the style
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

infra: $(CHECKOV) $(AUDIT) ## Check the template and the workflows against rules of security, without a network
	.venv-checkov/bin/checkov --file template.yaml --framework cloudformation --compact --quiet --skip-download
	.venv-audit/bin/zizmor --offline --persona pedantic --quiet .github
	.venv-audit/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv-audit/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml

format: $(DEV) ## Bring the style in order
	$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

types: $(DEV) ## Check the types
	$(BIN)/mypy

examples: $(EXAMPLES) $(KERNEL) ## Run the experiments of configs into runs, and remake the pictures in docs/images
	@for experiment in configs/*.yaml; do \
		.venv-examples/bin/python -m kohonen train "$$experiment" --overwrite || exit 1; done
	PYTHONPATH=. SOM_STORE=memory: .venv-examples/bin/python examples/gallery.py

bench: $(BENCH) $(KERNEL) ## Measure the engines and other packages, some seven minutes; ARGS="A demo" for some of it
	PYTHONPATH=. .venv-bench/bin/python -m benchmarks $(ARGS)

load: $(DEV) $(KERNEL) ## Load a service of its own for a minute, and say how it bears that; ARGS="--seconds 300"
	$(BIN)/python -m benchmarks.load $(ARGS)

coldstart: $(DEV) $(SAM) $(KERNEL) ## Measure how long the Lambda function takes to start; ARGS="--runs 20"
	$(BIN)/python -m benchmarks.cold_start $(ARGS)

# Both machines' kernels come from one compiler, which also makes the check that runs under emulation.
ZIG := .venv-wheels/bin/python -m ziglang cc -target
wheel = .venv-wheels/bin/python kohonen/kernel/build.py --compiler '$(ZIG) $(1)-linux-gnu.2.28' --machine $(1) \
		--output build/$(1).so -- -s \
	&& KOHONEN_KERNEL=build/$(1).so KOHONEN_PLATFORM=manylinux_2_28_$(1) .venv-wheels/bin/python -m pip wheel --quiet \
		--disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

wheels: $(WHEELS) ## Build wheels for x86-64 and arm64 into dist, and check the arm64 kernel under qemu-user
	@mkdir -p build && rm -rf build/lib
	$(call wheel,x86_64)
	$(call wheel,aarch64)
	.venv-wheels/bin/python kohonen/kernel/build.py --compiler '$(ZIG) aarch64-linux-musl' --machine aarch64 \
		--program tests/kohonen/kernel_driver.c --output build/driver-aarch64 -- -static
	@if command -v qemu-aarch64 >/dev/null; then qemu-aarch64 build/driver-aarch64 1 300; \
	else echo 'qemu-aarch64 (package qemu-user) is missing: the arm64 kernel was not checked' >&2; exit 1; fi

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --custom-compile-command 'make locks' $(ARGS)

locks: $(DEV) ## Bring the locks up to pyproject.toml; ARGS=--upgrade for the newest of everything
	$(UV_COMPILE) pyproject.toml --extra service --extra viz --no-emit-package pyyaml --output-file requirements.txt
	$(UV_COMPILE) pyproject.toml --extra dev --constraint requirements.txt --output-file requirements/dev.txt
	$(UV_COMPILE) requirements/uv.in --constraint requirements/dev.txt --output-file requirements/uv.txt
	$(UV_COMPILE) requirements/sam.in --output-file requirements/sam.txt
	$(UV_COMPILE) requirements/e2e.in --constraint requirements/dev.txt --output-file requirements/e2e.txt
	$(UV_COMPILE) pyproject.toml requirements/examples.in --extra service --extra viz \
		--constraint requirements.txt --output-file requirements/examples.txt
	$(UV_COMPILE) pyproject.toml requirements/workbench.in --extra all --constraint requirements.txt \
		--output-file requirements/workbench.txt
	$(UV_COMPILE) pyproject.toml requirements/workbench.in requirements/workbench-tests.in --extra all \
		--constraint requirements/workbench.txt --output-file requirements/workbench-tests.txt
	$(UV_COMPILE) pyproject.toml requirements/bench.in --extra service --constraint requirements.txt \
		--output-file requirements/bench.txt
	$(UV_COMPILE) requirements/wheels.in --output-file requirements/wheels.txt
	$(UV_COMPILE) requirements/audit.in --output-file requirements/audit.txt
	$(UV_COMPILE) requirements/checkov.in --output-file requirements/checkov.txt

.venv-uv/.uv: requirements/uv.txt | .venv-uv/bin/pip
	.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

environments: $(DEV) $(SAM) $(CHECKOV) $(AUDIT) $(WORKBENCH) $(E2E) ## Make all that continuous integration runs in

deploy: $(SAM) ## Build and deploy with AWS SAM; TO=dev or TO=prod for another environment of samconfig.toml
	.venv-sam/bin/sam build --config-env $(TO)
	.venv-sam/bin/sam deploy --config-env $(TO) $(ARGS)

audit: $(AUDIT) ## Look for known vulnerabilities in what is locked; asks PyPI
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements/dev.txt

sbom: $(AUDIT) ## Write build/sbom.json: what the service is made of, as CycloneDX
	@mkdir -p build
	.venv-audit/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-file build/sbom.json

openapi: $(RUN) ## Write openapi.json anew
	$(BIN)/python -m app openapi > openapi.json

clean: ## Remove the environments and what the tools leave; stored models stay
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .e2e .aws-sam
	rm -rf $(KERNEL) build dist
	find kohonen app tests benchmarks -name __pycache__ -type d -exec rm -rf {} +

# The development lock holds the run-time one, so `make run` after `make test` finds its stamp, too.
$(RUN): requirements.txt | .venv/bin/pip
	$(call install,.venv,requirements.txt)
	@touch $@

$(DEV): requirements.txt requirements/dev.txt | .venv/bin/pip
	$(call install,.venv,requirements/dev.txt)
	@touch $(RUN) $@

$(SAM): requirements/sam.txt | .venv-sam/bin/pip
	$(call install,.venv-sam,requirements/sam.txt)
	@touch $@

$(AUDIT): requirements/audit.txt | .venv-audit/bin/pip
	$(call install,.venv-audit,requirements/audit.txt)
	@touch $@

$(CHECKOV): requirements/checkov.txt | .venv-checkov/bin/pip
	$(call install,.venv-checkov,requirements/checkov.txt)
	@touch $@

$(E2E): requirements/e2e.txt | .venv-e2e/bin/pip
	$(call install,.venv-e2e,requirements/e2e.txt)
	@touch $@

$(KERNEL): kohonen/kernel/build.py kohonen/kernel/sources.py $(wildcard kohonen/kernel/*.[ch]) | .venv/bin/pip
	@$(BIN)/python $< || { rm -f $@; echo 'no kernel is compiled: NumPy will serve'; }

$(EXAMPLES): requirements/examples.txt | .venv-examples/bin/pip
	$(call install,.venv-examples,requirements/examples.txt)
	@touch $@

$(WORKBENCH): requirements/workbench-tests.txt | .venv-workbench/bin/pip
	$(call install,.venv-workbench,requirements/workbench-tests.txt)
	@touch $@

$(BENCH): requirements/bench.txt | .venv-bench/bin/pip
	$(call install,.venv-bench,requirements/bench.txt)
	@touch $@

$(WHEELS): requirements/wheels.txt | .venv-wheels/bin/pip
	$(call install,.venv-wheels,requirements/wheels.txt)
	@touch $@

.venv/bin/pip .venv-sam/bin/pip .venv-e2e/bin/pip .venv-bench/bin/pip .venv-examples/bin/pip .venv-wheels/bin/pip \
.venv-workbench/bin/pip .venv-audit/bin/pip .venv-checkov/bin/pip .venv-uv/bin/pip:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed, and no python3 found is: set PYTHON' >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: $(PYTHON) is older' >&2; exit 1; }
	'$(PYTHON)' -m venv $(@:/bin/pip=)
