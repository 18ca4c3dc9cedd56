# The words of CI, one at a time, in .venv: `just setup` makes it. `just ci` is the whole, in an environment of its own.
export VIRTUAL_ENV := justfile_directory() / ".venv"
export PATH := VIRTUAL_ENV / "bin:" + env("PATH")

# A virtual environment with the package and all that its tests need
setup:
    python3 -m venv .venv
    pip install ".[demo,test]"

# The extension module, installed so that edits of the Python files take effect at once
build:
    maturin develop --release

fmt:
    cargo fmt
    ruff format
    ruff check --fix

lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --features python -- -D warnings
    ruff format --check
    ruff check

test-rust:
    cargo test

test-py *args:
    python -m pytest {{ args }}

test: test-rust test-py

stubs:
    mypy
    python -m mypy.stubtest hopfield._core
    basedpyright --verifytypes hopfield --ignoreexternal

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

bench *args:
    cargo bench {{ args }}
    python benches/peers.py
    python benches/binary_peers.py
    python benches/layer_peers.py

package:
    maturin build --release --sdist --out dist

ci:
    .ci/run
