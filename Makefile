# The few things one does again and again; each works from a fresh checkout.

.PHONY: quickstart test steady slow check mutants docs site

quickstart:  ## a dataset with the embedded teacher, shown through load_dataset
	python3 bootstrap.py quickstart

test:  ## the fast tests
	python3 bootstrap.py test

steady:  ## the fast tests twenty times, four at a time with two workers each, for tests that fail now and then; an hour on two processors
	folder=$$(mktemp -d) && seq 20 | xargs -P 4 -I RUN --process-slot-var=LANE \
	    sh -c ".venv/bin/python -m pytest -q -n 2 -p no:cacheprovider --basetemp $$folder/\$$LANE $(WORDS)"

slow:  ## the long ones: several versions of datasets, kill storms, the real engine
	python3 bootstrap.py test -n 0 -m slow --timeout 1800

check: ## style, types, and who may import whom
	.venv/bin/python -m pip install --quiet --editable '.[dev]'
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

mutants:  ## whether the tests notice small mutations of the method; minutes a module
	.venv/bin/python benchmarks/mutants.py $(MODULES)

docs:  ## the generated pages: docs/recipe.md
	.venv/bin/python docs/generate.py

site:  ## docs/ as a site in site/; a link that leads nowhere is an error
	.venv/bin/python -m pip install --quiet --editable '.[docs]'
	.venv/bin/mkdocs build --strict
