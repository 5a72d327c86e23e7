# Every task of the project. `make help` lists them; Python 3.11 or newer and make are all they need.
#
# PYTHON is the interpreter that environments are made with. HOST and PORT are where `make run` serves. ARGS is passed on.

HOST ?= 127.0.0.1
PORT ?= 5000
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$python >/dev/null 2>&1 \
	&& $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)
ARGS ?=
TO ?= default

BIN := .venv/bin
SOURCES := kohonen app tests benchmarks notebooks setup.py

# An environment is installed again when its lock is newer than its stamp.
RUN := .venv/.run
DEV := .venv/.dev
WORKBENCH := .venv-workbench/.installed
RELEASE := .venv-release/.installed
CROSS := .venv-cross/.installed
SAM := .venv-sam/.installed
CHECKOV := .venv-checkov/.installed

# The compiled kernel, in place. Without a C compiler there is none, and NumPy is used instead.
KERNEL := kohonen/kernel/libkohonen.so

.DEFAULT_GOAL := help
.PHONY: help run check test workbench e2e lint infra format types examples bench load coldstart wasm wheels lock environments deploy audit sbom openapi clean
.PHONY: build up api train notebook logs down

help: ## Show this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /  make \1@/' | tr '@' '\t' | expand -t 20

run: $(RUN) $(KERNEL) ## Serve on HOST:PORT, 127.0.0.1:5000 by default
	@HOST=$(HOST) PORT=$(PORT) exec $(BIN)/python -m app serve

check: lint types $(SAM) $(KERNEL) ## Check style and types and run the quick tests: under a minute
	@$(BIN)/python -m pytest $(PYTEST) -m 'not slow' $(ARGS)

PYTEST := --no-header --numprocesses=auto --maxprocesses=4 --dist=loadfile
COVERAGE := $(BIN)/python -m coverage report
# Modules that need MLflow. `make workbench` tests them, in an environment that has it.
MLFLOW := kohonen/mlflow/tracking.py,kohonen/mlflow/inputs.py,kohonen/pyfunc.py,kohonen/cli/tracking.py,kohonen/mlflow/runs.py

test: $(DEV) $(SAM) $(CROSS) $(KERNEL) ## Run every test, and require full coverage of kohonen, branches included
	@$(BIN)/python -m pytest $(PYTEST) --cov --cov-report= $(ARGS)
	@report=$$($(COVERAGE) --include='kohonen/*' --omit=$(MLFLOW) --fail-under=100) \
		|| { echo "$$report"; echo 'kohonen must be covered completely' >&2; exit 1; }
	@echo "Coverage: $$($(COVERAGE) --format=total --omit=$(MLFLOW)) % in all, 100 % of kohonen"

workbench: export COVERAGE_FILE := .venv-workbench/.coverage
workbench: $(WORKBENCH) $(KERNEL) ## Test what needs MLflow, Jupyter or Docker Compose
	@.venv-workbench/bin/python -m pytest --no-header tests/workbench --cov --cov-report= $(ARGS)
	@.venv-workbench/bin/python -m coverage report --include=$(MLFLOW) --fail-under=100

e2e: $(DEV) $(SAM) $(KERNEL) ## Build both images and test them with SAM, S3 and a browser; needs Docker, or root on Debian
	@.ci/e2e $(ARGS)

lint: $(DEV) ## Check the style
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)

format: $(DEV) ## Format the sources and fix what ruff can fix
	@$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

types: $(DEV) ## Check the types
	@$(BIN)/mypy

infra: $(DEV) $(CHECKOV) ## Check the template and the workflows against security rules, offline
	@.venv-checkov/bin/checkov --file template.yaml .github/deployment-role.yaml --framework cloudformation --compact \
		--quiet --skip-download
	@$(BIN)/cfn-lint .github/deployment-role.yaml
	@$(BIN)/zizmor --offline --persona pedantic --quiet .github
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml

build: ## Build the images of compose.yaml, which runs the whole product on one machine
	docker compose --profile '*' build

up: ## Start the API, workers, an S3 server and MLflow with Docker Compose
	docker compose up --build --detach --wait

api: ## Start only the API and what it needs
	docker compose up --build --detach --wait api

train: ## Train a map for that API to serve, and log it to MLflow
	docker compose run --build --rm train

notebook: ## Start Jupyter with notebooks/, at the address that it prints
	docker compose --profile notebook up --build notebook

logs: ## Follow the logs of the containers
	docker compose --profile '*' logs --follow

down: ## Stop the containers; models and runs stay, in volumes
	docker compose --profile '*' down

examples: $(DEV) $(KERNEL) ## Run the experiments of configs/ into runs/, and draw the pictures in docs/images again
	@for experiment in configs/*.yaml; do $(BIN)/python -m kohonen train "$$experiment" --overwrite || exit 1; done
	@PYTHONPATH=. SOM_STORE=memory: $(BIN)/python examples/gallery.py

bench: $(RELEASE) $(KERNEL) ## Measure the engines and other packages, seven minutes; ARGS="A demo" for a part
	@PYTHONPATH=. .venv-release/bin/python -m benchmarks $(ARGS)

load: $(DEV) $(KERNEL) ## Measure a service of its own under load for a minute; ARGS="--seconds 300" for longer
	@$(BIN)/python -m benchmarks.load $(ARGS)

coldstart: $(DEV) $(SAM) $(KERNEL) ## Measure the start of the Lambda function; ARGS="--runs 20" for more runs
	@$(BIN)/python -m benchmarks.cold_start $(ARGS)

# One compiler makes the kernels of all targets, and the check that runs under emulation: $(call ZIG,TARGET,MACHINE,OUTPUT).
ZIG = .venv-cross/bin/python kohonen/kernel/build.py --compiler '.venv-cross/bin/python -m ziglang cc -target $(1)' \
	--machine $(2) --output $(3)

wasm: $(CROSS) ## Build the kernel for pages again: kohonen/kernel/kohonen.wasm
	@$(call ZIG,wasm32-wasi,wasm32,kohonen/kernel/kohonen.wasm)
	@chmod 644 kohonen/kernel/kohonen.wasm

# $(call wheel,TARGET,MACHINE,PLATFORM)
wheel = $(call ZIG,$(1),$(2),build/$(3).so) -- -s \
	&& KOHONEN_KERNEL=build/$(3).so KOHONEN_PLATFORM=$(3) .venv-cross/bin/python -m pip wheel --quiet \
		--disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

wheels: $(CROSS) ## Build wheels for Linux, macOS and Windows into dist/, and test the arm64 kernel under qemu-user
	@mkdir -p build && rm -rf build/lib
	$(call wheel,x86_64-linux-gnu.2.28,x86_64,manylinux_2_28_x86_64)
	$(call wheel,aarch64-linux-gnu.2.28,aarch64,manylinux_2_28_aarch64)
	$(call wheel,x86_64-macos.11.0,x86_64,macosx_11_0_x86_64)
	$(call wheel,aarch64-macos.11.0,aarch64,macosx_11_0_arm64)
	$(call wheel,x86_64-windows-gnu,x86_64,win_amd64)
	$(call ZIG,aarch64-linux-musl,aarch64,build/driver-aarch64) --program tests/kohonen/kernel/kernel_driver.c -- -static
	@for function in $$(grep -o 'kohonen_[a-z_]*(' kohonen/kernel/kernel.h | grep -v u_matrix | tr -d '('); do \
		for library in build/*.so; do grep -q $$function $$library \
			|| { echo "$$library does not export $$function" >&2; exit 1; }; done; done
	@if command -v qemu-aarch64 >/dev/null; then qemu-aarch64 build/driver-aarch64 1 300; \
	else echo 'qemu-aarch64 (package qemu-user) is missing: the arm64 kernel was not tested' >&2; exit 1; fi

deploy: $(SAM) ## Build and deploy with AWS SAM; TO=dev or TO=prod for another environment of samconfig.toml
	.venv-sam/bin/sam build --config-env $(TO)
	.venv-sam/bin/sam deploy --config-env $(TO) $(ARGS)

audit: $(DEV) ## Look for known vulnerabilities in the locked packages; asks PyPI
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements/dev.txt

sbom: $(DEV) ## Write build/sbom.json, the packages of the service as CycloneDX
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-file build/sbom.json

openapi: $(RUN) ## Write openapi.json
	@$(BIN)/python -m app openapi > openapi.json

clean: ## Remove the environments and what the tools write; stored models stay
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* .e2e .aws-sam
	rm -rf $(KERNEL) build dist
	find kohonen app tests benchmarks -name __pycache__ -type d -exec rm -rf {} +

# The locks, for Python 3.11 and newer on every platform. Each is bounded by the one that it shares an environment with.
# There is no uv.lock: it would name the package index and the address of every file.
COMPILE = @$(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --custom-compile-command 'make lock' $(ARGS)

lock: | $(BIN)/uv ## Bring the locks up to pyproject.toml; ARGS=--upgrade for the newest of everything
	$(COMPILE) pyproject.toml --extra service --extra viz --no-emit-package pyyaml --output-file requirements.txt
	$(COMPILE) pyproject.toml --extra service --extra sklearn --extra viz --group dev --constraint requirements.txt \
		--output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --extra all --group workbench --constraint requirements/dev.txt \
		--output-file requirements/workbench.txt
	$(COMPILE) pyproject.toml --extra service --group release --constraint requirements/dev.txt \
		--output-file requirements/release.txt
	$(COMPILE) --group cross --output-file requirements/cross.txt
	$(COMPILE) --group sam --output-file requirements/sam.txt
	$(COMPILE) --group checkov --output-file requirements/checkov.txt

environments: $(DEV) $(WORKBENCH) $(SAM) $(CROSS) $(CHECKOV) ## Make every environment that continuous integration uses

# $(call install,ENVIRONMENT,LOCKS): install locked packages, checking their hashes. With UV=PATH, uv installs, five times
# faster than pip. It does not read pip's configuration, such as a private index; where it fails, pip installs.
# The locks are constraints as well: older versions of pip do not see otherwise that name[extra] is pinned as name.
install = @$(if $(UV),$(UV) pip install --quiet --system-certs --compile-bytecode --python $(1)/bin/python \
	--require-hashes $(2:%=-r %) || )$(1)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
	$(2:%=-r %) $(2:%=-c %)

$(RUN): requirements.txt | .venv/bin/pip
	@echo 'Installing the service into .venv (half a minute)'
	$(call install,.venv,$<)
	@touch $@

# requirements/dev.txt includes requirements.txt, so `make run` after `make test` has nothing to install.
$(DEV): requirements/dev.txt requirements.txt | .venv/bin/pip
	@echo 'Installing the service and the development tools into .venv (about two minutes)'
	$(call install,.venv,$<)
	@touch $(RUN) $@

$(WORKBENCH): requirements/workbench.txt requirements/dev.txt | .venv-workbench/bin/pip
	@echo 'Installing MLflow, Jupyter and the development tools into .venv-workbench (about three minutes)'
	$(call install,.venv-workbench,$^)
	@touch $@

$(RELEASE): requirements/release.txt | .venv-release/bin/pip
	@echo 'Installing other packages to compare with into .venv-release (about a minute)'
	$(call install,.venv-release,$^)
	@touch $@

$(CROSS): requirements/cross.txt | .venv-cross/bin/pip
	@echo 'Installing a C compiler for all targets into .venv-cross (half a minute)'
	$(call install,.venv-cross,$^)
	@touch $@

$(SAM): requirements/sam.txt | .venv-sam/bin/pip
	@echo 'Installing AWS SAM into .venv-sam (about a minute)'
	$(call install,.venv-sam,$^)
	@touch $@

$(CHECKOV): requirements/checkov.txt | .venv-checkov/bin/pip
	@echo 'Installing checkov into .venv-checkov (about a minute)'
	$(call install,.venv-checkov,$^)
	@touch $@

# uv alone, for `make lock` and for installing the rest: an entry of a lock is its first line and the indented ones below.
$(BIN)/uv: | .venv/bin/pip
	@awk '/^[a-z]/ { wanted = /^uv==/ } wanted' requirements/dev.txt >.venv/uv.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r .venv/uv.txt

$(KERNEL): kohonen/kernel/build.py kohonen/kernel/sources.py $(wildcard kohonen/kernel/*.[ch]) | .venv/bin/pip
	@$(BIN)/python $< || { rm -f $@; echo 'The kernel could not be compiled: NumPy is used instead'; }

.venv/bin/pip .venv-workbench/bin/pip .venv-release/bin/pip .venv-cross/bin/pip .venv-sam/bin/pip .venv-checkov/bin/pip:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed and no python3 was found: set PYTHON' >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: $(PYTHON) is older' >&2; exit 1; }
	@'$(PYTHON)' -m venv $(@:/bin/pip=)
