# make run and make test set up .venv themselves; PYTHON=… picks another Python (3.11 or newer).
PYTHON ?= python3
IN_VENV := .venv/bin/python

.PHONY: help run browser browser-site test check train clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile

run: .venv/run.ready  ## serve the page on http://127.0.0.1:7860
	$(IN_VENV) app.py

browser: .venv/run.ready  ## serve the page that needs no server on http://127.0.0.1:7870
	$(IN_VENV) -m browser.site build/browser --serve 7870

browser-site: .venv/run.ready  ## put that page into build/browser, for any static server
	$(IN_VENV) -m browser.site build/browser

test: .venv/test.ready check  ## every check: style, types, tests
	$(IN_VENV) -m pytest -q --numprocesses auto --dist loadfile

check: .venv/test.ready  ## style and types alone
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m mypy

train: .venv/run.ready  ## train the network that ships into checkpoints/cnn
	$(IN_VENV) train.py

clean:  ## remove what make made
	rm -rf .venv build/browser

.venv/python.ready:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	touch $@

.venv/%.ready: pyproject.toml requirements.txt requirements-dev.txt .venv/python.ready
	$(IN_VENV) -m pip install --quiet --disable-pip-version-check -r $(if $(filter test,$*),requirements-dev.txt,requirements.txt)
	$(IN_VENV) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
