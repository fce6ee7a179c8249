#!/usr/bin/env bash
# Writes every lock file anew from pyproject.toml. `dev.txt` is resolved first and constrains the others, so that the
# environments of all components agree on every version. No index address is written: the lock pins by hash.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/uv/bin/uv}
flags=(--python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --quiet
       --custom-compile-command "make lock" "$@")
extras=(gateway training serving monitoring loadtests)
"$uv" pip compile pyproject.toml --all-extras --group dev "${flags[@]}" -o requirements/dev.txt
for extra in "${extras[@]}"; do
    "$uv" pip compile pyproject.toml --extra "$extra" -c requirements/dev.txt "${flags[@]}" -o "requirements/$extra.txt"
done
"$uv" pip compile pyproject.toml --extra monitoring requirements/drift-peers.in -c requirements/dev.txt "${flags[@]}" -o requirements/drift-peers.txt
"$uv" pip compile pyproject.toml requirements/fuzz.in -c requirements/dev.txt "${flags[@]}" -o requirements/fuzz.txt
for name in k8s checkov; do
    "$uv" pip compile "requirements/$name.in" "${flags[@]}" -o "requirements/$name.txt"
done
for name in detector wire-reference uv; do
    "$uv" pip compile "requirements/$name.in" --no-deps "${flags[@]}" -o "requirements/$name.txt"
done
