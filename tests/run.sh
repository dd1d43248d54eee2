#!/usr/bin/env bash
# All checks of the project. Brings the Julia that the tests run against; changes nothing of the machine.
#
# Usage: tests/run.sh
# JLPROJ_TEST_JULIA            a Julia to test against instead
# JLPROJ_TEST_PACKAGECOMPILER  a checkout of PackageCompiler.jl that fits that Julia: real builds with it too
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step 'Julia for the tests'
JLPROJ_TEST_JULIA=${JLPROJ_TEST_JULIA:-$(tests/get-julia.sh)}
export JLPROJ_TEST_JULIA
printf '%s\n' "$JLPROJ_TEST_JULIA"

step 'cargo fmt --check'
cargo fmt --check

step 'cargo clippy'
cargo clippy --all-targets --locked -- -D warnings

step 'cargo doc'
RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items --locked --quiet

step 'scripts and templates'
tests/templates.sh

step 'cargo test'
cargo test --locked

[ -n "${JLPROJ_TEST_PACKAGECOMPILER:-}" ] ||
    printf '\nSKIPPED: builds with the real PackageCompiler (set JLPROJ_TEST_PACKAGECOMPILER to a checkout)\n'
step 'all checks passed'
