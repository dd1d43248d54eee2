#!/usr/bin/env bash
# All checks of the project. Brings the Julia that the tests run against, and other programs that start Julia: shells,
# direnv, Pythons, Slurm. Changes nothing of the machine.
#
# Usage: tests/run.sh [--all]
# --all                        builds juliaup too, tries every point of the fault tests, and every test with each further
#                              Julia: hours
# JLPROJ_TEST_JULIA            a Julia to test against instead
# JLPROJ_TEST_JULIAS           further ones, with `:` between them: what has to do with Julia is tested against each.
#                              Not set: each julia-*/bin/julia in the cache folder; empty: none
# JLPROJ_TEST_MINUTES          no further Julia is begun when so many minutes are gone. Not set: 30 where CI is set
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
.ci/release/check.sh

step 'a program without shared libraries'
cargo build --locked
program=${CARGO_TARGET_DIR:-target}/debug/jlproj
"$program" --version
if [ "$(cc -print-file-name=libc.a)" = libc.a ]; then
    printf 'SKIPPED: there is no static C library\n'
elif ldd "$program"; then
    printf '`%s` needs shared libraries\n' "$program" >&2
    exit 1
fi

step 'the program of a release: with musl'
musl=$(uname -m)-unknown-linux-musl
if rustup target list --installed 2>/dev/null | grep -qx "$musl"; then
    cargo build --locked --target "$musl"
    "${CARGO_TARGET_DIR:-target}/$musl/debug/jlproj" --version
else
    printf 'SKIPPED: there is no Rust for it (`rustup target add %s`)\n' "$musl"
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

# A line for the table at the end: the Julia, and how many tests passed, failed and were left out.
table=
note() {
    local julia=$1 output=$2 left_out=$3
    table+=$(awk -v julia="$("$julia" --version | sed 's/^julia version //')" -v parts="$(sort -u "$left_out" | wc -l)" '
        /^test result: / { passed += $4; failed += $6; left_out += $12 }
        END { printf "%-8s %7d %7d %9d", julia, passed, failed, left_out + parts }' "$output")$'\n'
}

# Tests against one Julia: why some are left out (empty: none are), then arguments for cargo.
failures=0
test_against() {
    local julia=$1 why=$2 output left_out
    shift 2
    output=$(mktemp)
    left_out=$(mktemp)
    JLPROJ_TEST_JULIA=$julia JLPROJ_TEST_LEFT_OUT=$left_out cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$output" ||
        failures=$((failures + 1))
    note "$julia" "$output" "$left_out"
    if [ -n "$why" ] || [ -s "$left_out" ]; then
        printf '\nleft out with %s:\n' "$("$julia" --version)"
        { printf '%s\n' "$why"; sort -u "$left_out"; } | sed '/^$/d; s/^/  /'
    fi
    rm -f "$output" "$left_out"
}

step 'cargo test'
test_against "$JLPROJ_TEST_JULIA" ''

# What looks at Julia itself: how it is found and asked, what it loads, compiles and keeps. An image takes minutes with
# these Julias, and two of them are tested in the time that is left.
readonly about_julia=(
    build::cpu_target:: build::faults:: build::workspace:: cache:: forget:: gc::what_lies list::known:: run::image::
    run::julia_faults:: run::manifest:: run::package_images:: run::project_faults:: run::stacked:: run::start::
    run::tracked::what scan:: setup::apps:: test:: warm::
)
readonly left_out_of_others='all but what looks at Julia itself: shown with the first one (--all: with each)'
cache=${JLPROJ_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jlproj-tests}
if [ -z "${JLPROJ_TEST_JULIAS+set}" ]; then
    JLPROJ_TEST_JULIAS=$(find "$cache" -maxdepth 3 -path "$cache/julia-*/bin/julia" | sort -V | paste -sd:)
fi
IFS=: read -r -a further <<<"$JLPROJ_TEST_JULIAS"
minutes=${JLPROJ_TEST_MINUTES:-${CI:+30}}
for julia in "${further[@]}"; do
    version=$("$julia" --version | sed 's/^julia version //')
    step "Julia $version"
    if [ -n "$minutes" ] && [ "$SECONDS" -ge $((minutes * 60)) ]; then
        printf 'SKIPPED: %d minutes are gone, and none is begun after %d (JLPROJ_TEST_MINUTES)\n' \
            $((SECONDS / 60)) "$minutes"
        table+=$(printf '%-8s no time was left' "$version")$'\n'
        continue
    fi
    JLPROJ_TEST_JULIA=$julia tests/templates.sh || failures=$((failures + 1))
    if [ -n "$is_all" ]; then
        test_against "$julia" '' --test cli
    else
        test_against "$julia" "$left_out_of_others" --test cli -- "${about_julia[@]}"
    fi
done

step 'which Julias'
printf '%-8s %7s %7s %9s\n%s' Julia passed failed 'left out' "$table"
[ "${#further[@]}" -gt 0 ] ||
    printf 'SKIPPED: no further Julia (one of 1.10 or later, as %s/julia-1.12.5/bin/julia)\n' "$cache"
[ -n "${JLPROJ_TEST_PACKAGECOMPILER:-}" ] ||
    printf '\nSKIPPED: builds with the real PackageCompiler (set JLPROJ_TEST_PACKAGECOMPILER to a checkout)\n'
if [ "$failures" -gt 0 ]; then
    step "$failures checks failed"
    exit 1
fi
step 'all checks passed'
