#!/usr/bin/env bash
# All checks of the project. Brings the Julia that the tests run against, and other programs that start Julia: shells,
# direnv, Pythons, Slurm. Changes nothing of the machine.
#
# Usage: tests/run.sh [--all]
# --all                        builds juliaup too, and tries every point of the fault tests: hours
# JLPROJ_TEST_JULIA            a Julia to test against instead
# JLPROJ_TEST_PACKAGECOMPILER  a checkout of PackageCompiler.jl that fits that Julia: real builds with it too
set -euo pipefail
cd "$(dirname "$0")/.."

is_all=
case ${1:-} in
'') ;;
--all) is_all=yes ;;
*) printf 'usage: tests/run.sh [--all]\n' >&2; exit 2 ;;
esac

step() { printf '\n== %s\n' "$*"; }

step 'Julia for the tests'
JLPROJ_TEST_JULIA=${JLPROJ_TEST_JULIA:-$(tests/get-julia.sh)}
export JLPROJ_TEST_JULIA
printf '%s\n' "$JLPROJ_TEST_JULIA"

step 'programs that start Julia, and Slurm'
[ -z "$is_all" ] || export JLPROJ_TEST_ALL=1
JLPROJ_TEST_HOSTS=${JLPROJ_TEST_HOSTS:-$(tests/get-hosts.sh ${is_all:+--juliaup})}
export JLPROJ_TEST_HOSTS
printf '%s\n' "$JLPROJ_TEST_HOSTS"
tests/get-slurm.sh || printf 'SKIPPED: tests with Slurm, which could not be had\n'

step 'cargo fmt --check'
cargo fmt --check

step 'cargo clippy'
cargo clippy --all-targets --locked -- -D warnings

step 'cargo doc'
RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items --locked --quiet

step 'scripts and templates'
tests/templates.sh

step 'a program without shared libraries'
host=$(rustc -vV | sed -n 's/^host: //p')
if [ "$(cc -print-file-name=libc.a)" = libc.a ] || [ "${host#*-linux-gnu}" = "$host" ]; then
    printf 'SKIPPED: there is no static C library for %s\n' "$host"
else
    cargo build --locked --config .cargo/static.toml
    program=${CARGO_TARGET_DIR:-target}/$host/debug/jlproj
    "$program" --version
    if ldd "$program"; then
        printf '`%s` needs shared libraries\n' "$program" >&2
        exit 1
    fi
fi

step 'licences, advisories and sources of the crates'
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --config .deny.toml check licenses bans sources
    if cargo deny --config .deny.toml fetch db >/dev/null 2>&1; then
        cargo deny --config .deny.toml check advisories
    else
        printf 'SKIPPED: the database of advisories cannot be fetched\n'
    fi
else
    printf 'SKIPPED: cargo-deny is not installed (`cargo install cargo-deny`)\n'
fi

step 'cargo test'
cargo test --locked

[ -n "${JLPROJ_TEST_PACKAGECOMPILER:-}" ] ||
    printf '\nSKIPPED: builds with the real PackageCompiler (set JLPROJ_TEST_PACKAGECOMPILER to a checkout)\n'
step 'all checks passed'
