#!/usr/bin/env bash
# Gets the programs that start Julia and that the tests of `jlproj setup` and `jlproj env` use: shells, direnv, and
# Python environments with PyJulia and JuliaCall. Without root and without changing the machine.
#
# Usage:   hosts=$(tests/get-hosts.sh [--juliaup])
# Writes:  ${JLPROJ_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jlproj-tests}/hosts-1
#            bin/{zsh,fish,direnv}    the machine's, else Debian's packages unpacked (Debian only)
#            python-shared/           a venv of a Python with a shared libpython, with julia and juliacall
#            python-static/           the same of a Python that has libpython inside
#            python-old/              with a juliacall from before PythonCall could be in an image
#            python-jupyter/          a venv with jupyter_client
#            juliaup/bin/             with --juliaup: it and its `julia`, built from the crate, which takes minutes
# Reads:   the machine's apt sources and pip's settings; JLPROJ_TEST_PYTHONS, a list of Pythons to look at first
# stdout:  one line, the folder; what could not be had is told on stderr and is not in it (its tests are skipped, loudly)
# Exit:    0; 1 where not even the folder can be made
set -euo pipefail

readonly pyjulia=julia==0.6.2
readonly juliacall=juliacall==0.9.37
readonly old_juliacall=juliacall==0.9.34
readonly jupyter=jupyter_client==8.6.3
readonly juliaup=1.23.0

what=hosts
. "$(dirname "$0")/cache.sh"
readonly target=$cache/hosts-1
mkdir -p "$target/bin" || fail "cannot make a folder in $cache; set JLPROJ_TEST_CACHE to another"

# One run works, another waits for it and takes its result.
if command -v flock >/dev/null; then
    exec 9>"$target.lock"
    flock 9
fi
work=$(mktemp -d "$cache/.hosts.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Programs: the machine's own, else unpacked from the packages of its own Debian.
private_apt() {
    apt-get --quiet --quiet --option Dir::State="$work/apt" --option Dir::State::lists="$work/apt/lists" \
        --option Dir::State::status=/dev/null --option Dir::Cache="$work/apt" --option Debug::NoLocking=1 \
        --option APT::Sandbox::User="$(id -un)" --option Acquire::Languages=none --config-file "$work/apt.conf" \
        "$@" >&2 9>&-
}

prepare_apt() {
    [ ! -e "$work/apt.conf" ] || return 0
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || { say 'no apt-get here'; return 1; }
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
    printf '#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n' >"$work/apt.conf"
    say 'reading the package index'
    private_apt update
}

# unpack PROGRAM PACKAGE...: unpacks packages side by side, and starts the program with the libraries among them that
# the machine has not.
unpack() {
    local program=$1 package root=$target/packages-$1 library
    shift
    prepare_apt || return 1
    mkdir -p "$work/debs-$program" "$work/root-$program"
    (cd "$work/debs-$program" && private_apt download "$@") || { say "apt could not fetch $*"; return 1; }
    for package in "$work/debs-$program"/*.deb; do
        dpkg -x "$package" "$work/root-$program" || return 1
    done
    rm -rf "$root"
    mv "$work/root-$program" "$root"
    mkdir -p "$root/needed"
    ldd "$root/usr/bin/$program" "$root/bin/$program" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found/\1/p' |
        while read -r library; do
            find "$root/usr/lib" "$root/lib" -name "$library" -exec ln -sf {} "$root/needed/" \; 2>/dev/null || true
        done
    local real=$root/usr/bin/$program
    [ -x "$real" ] || real=$root/bin/$program
    if [ -z "$(ls "$root/needed")" ]; then
        ln -sf "$real" "$target/bin/$program"
        return
    fi
    # The libraries are for this program alone, not for what it starts.
    printf '#!/bin/sh\nexec %q --library-path %q %q "$@"\n' "$(loader)" "$root/needed" "$real" >"$target/bin/$program"
    chmod +x "$target/bin/$program"
}

loader() { ldd /bin/sh | sed -n 's/^[[:space:]]*\(\/[^ ]*ld[^ ]*\) .*/\1/p'; }

program() {
    local name=$1 found
    [ ! -x "$target/bin/$name" ] || return 0
    if found=$(command -v "$name"); then
        ln -sf "$found" "$target/bin/$name"
    elif ! unpack "$@"; then
        say "no $name: its tests are skipped"
    fi
}
program zsh zsh zsh-common
program fish fish fish-common libpcre2-32-0
program direnv direnv

# Pythons, by whether they are linked to a shared libpython.
pythons() {
    local candidate
    for candidate in ${JLPROJ_TEST_PYTHONS:-} python3.11 python3.12 python3.10 python3.13 python3 /usr/bin/python3; do
        candidate=$(command -v "$candidate") || continue
        "$candidate" -c 'import sys, os; print(os.path.realpath(sys.executable))' 2>/dev/null || true
    done | awk '!seen[$0]++'
}

# juliacall wants Python 3.10 or later.
is_usable() { "$1" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }
# Not by a pipe into `grep -q`: that ends first, and then the pipe has failed with ldd.
is_shared() { [[ $(ldd "$1" 2>/dev/null) == *libpython* ]]; }

pip_from() {
    local candidate
    while read -r candidate; do
        "$candidate" -m pip --version >/dev/null 2>&1 && { printf '%s\n' "$candidate"; return; }
    done < <(pythons)
    return 1
}

# environment NAME PYTHON PACKAGE...
environment() {
    local name=$1 python=$2 installer
    shift 2
    [ ! -e "$target/$name/complete" ] || return 0
    installer=$(pip_from) || { say "no pip: no $name"; return 0; }
    rm -rf "${target:?}/$name"
    say "making $name from $python"
    # Debian's Python has no ensurepip; another one's pip installs into its environment.
    "$python" -m venv --without-pip "$target/$name" >&2 &&
        "$installer" -m pip --quiet --disable-pip-version-check --python "$target/$name/bin/python" install "$@" >&2 9>&- &&
        : >"$target/$name/complete" || { say "could not make $name: its tests are skipped"; rm -rf "${target:?}/$name"; }
}

shared='' static=''
while read -r python; do
    is_usable "$python" || continue
    if is_shared "$python"; then shared=${shared:-$python}; else static=${static:-$python}; fi
done < <(pythons)
if [ -n "$shared" ]; then
    environment python-shared "$shared" "$pyjulia" "$juliacall"
else
    say 'no Python with a shared libpython: its tests are skipped (build one with --enable-shared)'
fi
if [ -n "$static" ]; then
    environment python-static "$static" "$pyjulia" "$juliacall"
else
    say 'no Python with libpython inside: its tests are skipped (Debian: python3)'
fi
[ -z "${shared:-$static}" ] || environment python-old "${shared:-$static}" "$old_juliacall"
[ -z "${shared:-$static}" ] || environment python-jupyter "${shared:-$static}" "$jupyter"

juliaup() {
    [ ! -x "$target/juliaup/bin/juliaup" ] || return 0
    command -v cargo >/dev/null || { say 'no cargo: no juliaup'; return 0; }
    say "building juliaup $juliaup"
    cargo install --quiet --locked --profile dev --version "$juliaup" --root "$work/juliaup" \
        --target-dir "$work/juliaup-target" juliaup >&2 9>&- && mv -T "$work/juliaup" "$target/juliaup" ||
        say 'could not build juliaup: its tests are skipped'
}
[ "${1:-}" != --juliaup ] || juliaup
printf '%s\n' "$target"
