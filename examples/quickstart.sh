#!/usr/bin/env bash
# The main job, once through: an image for a small project, and Julia with and without it.
#
# Usage: examples/quickstart.sh
# Needs cargo, a C compiler and git; with QUICKSTART_JLPROJ, the path of a jlproj, no cargo. Uses the `julia` on PATH;
# without one (or with QUICKSTART_JULIA=fetch) it gets Julia 1.5.3 into a cache folder. Everything it makes is in
# ${JLPROJ_TEST_CACHE:-~/.cache/jlproj-tests}; your projects, depots and settings are not touched. A second run finds
# everything there and takes seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD

say() { printf '\n== %s\n' "$*"; }

cache=${JLPROJ_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jlproj-tests}
mkdir -p "$cache"

say 'Julia'
if [ "${QUICKSTART_JULIA:-}" != fetch ] && julia=$(command -v julia); then
    printf 'using %s\n' "$julia"
else
    julia=$(tests/get-julia.sh)
    printf 'using %s\n' "$julia"
fi

jlproj=${QUICKSTART_JLPROJ:-}
if [ -z "$jlproj" ]; then
    say 'jlproj, in release mode'
    cargo build --release --locked
    jlproj=${CARGO_TARGET_DIR:-$repository/target}/release/jlproj
fi

# A world of its own: a depot, a registry of small packages, a project, a store.
work=$cache/quickstart
mkdir -p "$work"
export JULIA_DEPOT_PATH=$work/depot:
export JULIA_PKG_SERVER=
export JLPROJ_HOME=$work/store
export JLPROJ_CONFIG=$work/config.toml
export JLPROJ_JULIA=$julia

say 'an example project'
if [ ! -f "$work/project/Manifest.toml" ]; then
    rm -rf "$work/sources" "$work/project" "$work/depot"
    tests/make-registry.sh "$work/sources" >/dev/null
    "$julia" --startup-file=no -e '
        using Pkg
        Pkg.Registry.add(RegistrySpec(path = ARGS[1]))
        Pkg.activate(ARGS[2])
        Pkg.add(["SlowLoad", "Beta"])
    ' "$work/sources/registry" "$work/project" >"$work/project.log" 2>&1 || { cat "$work/project.log"; exit 1; }
fi
cat "$work/project/Project.toml"

say 'jlproj build'
"$jlproj" build "$work/project"

say 'jlproj status'
"$jlproj" status "$work/project"

# The time in milliseconds. Not every `date` has nanoseconds.
now() {
    local time
    time=$(date +%s%N)
    case $time in
    *[!0-9]*) perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000' ;;
    *) printf '%s\n' "${time%??????}" ;;
    esac
}

# The median of five starts, in milliseconds.
median() {
    local begun
    for _ in 1 2 3 4 5; do
        begun=$(now)
        "$@" >/dev/null
        printf '%s\n' "$(($(now) - begun))"
    done | sort -n | sed -n 3p
}

say 'Julia without and with the image, loading the packages'
work_line='using SlowLoad, Beta; SlowLoad.work()'
cd "$work/project"
without=$(median "$jlproj" run --sysimage=none -e "$work_line")
with=$(median "$jlproj" run --sysimage=require -e "$work_line")
size=$(($(wc -c <"$("$jlproj" which)") / 1000000))
printf 'without the image  %6d ms\n' "$without"
printf 'with the image     %6d ms\n' "$with"
printf 'size of the image  %6d MB\n' "$size"
