# Shortcuts; the README's commands do without. They take .venv, which `just setup` makes.

python := ".venv/bin/python"

# List what there is
default:
    @just --list

# Make .venv with everything for serving, testing and checking
setup:
    python3 -m venv .venv
    .venv/bin/pip install -q --require-hashes -r requirements/test.txt
    .venv/bin/pip install -q --no-deps --no-build-isolation -e .

# Serve the API; simulated models with `just serve --simulate`
serve *options:
    .venv/bin/neuroroute serve {{options}}

# Serve the simulated providers alone
simulate *options:
    .venv/bin/neuroroute simulate {{options}}

# Run the tests, or some: `just test tests/domain -x`
test *options:
    .venv/bin/pytest -q {{options}}

# Call every operation with 2,000 random requests, by the OpenAPI document (docs/api.md)
fuzz examples="2000":
    PYTHONPATH=tests {{python}} -m fuzz.fuzzing {{examples}}

# Check style, types and walls
check:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/basedpyright --pythonpath {{python}}
    .venv/bin/lint-imports

# Mend what can be mended by itself
fix:
    .venv/bin/ruff check --fix .
    .venv/bin/ruff format .

# Measure gateways side by side (benchmarks/README.md): `just bench nginx neuroroute-routed`
bench *specs:
    {{python}} -m benchmarks.harness {{specs}}

# Bring the database to the schema of this version
migrate:
    .venv/bin/neuroroute migrate

# Draft a migration from what changed in sql/tables.py (docs/database.md): `just migration "add tenants"`
migration message:
    {{python}} -m neuroroute.infrastructure.sql.migrations "{{message}}"

# Write docs/openapi.json from the routes
openapi:
    PYTHONPATH=tests {{python}} tests/interface/test_openapi.py

# Write .env.example from the table of settings
settings:
    {{python}} -m neuroroute.settings > .env.example

# Compile the hashed locks (needs uv)
lock:
    uv pip compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
        pyproject.toml --group build -o requirements/serve.txt
    uv pip compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
        pyproject.toml --group build --group test -o requirements/test.txt
