#!/usr/bin/env bash
# What goes beside the archives of a release: a Homebrew formula, a manifest for Scoop, one list of checksums, and the notes,
# which are this version's part of CHANGELOG.md.
#
# Usage:   [REPOSITORY=https://…] .ci/release/describe.sh [TARGET…]
# TARGET:  those whose archives are in dist/ (all four of a release without)
# Writes:  dist/jlproj.rb, dist/jlproj.json, dist/SHA256SUMS, dist/NOTES.md
# Exit:    1 where an archive or its checksum is missing or wrong
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
cd "$here/../.."
field() { sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" Cargo.toml | head -n 1; }
version=$(field version)
repository=${REPOSITORY:-$(field repository)}
description=$(field description)

cd dist
cat -- jlproj-*.sha256 >SHA256SUMS
sha256sum --check --quiet SHA256SUMS

sum_of() {
    local archive=jlproj-v$version-$1
    awk -v tar="$archive.tar.gz" -v zip="$archive.zip" '$2 == tar || $2 == zip || $2 == "*" tar || $2 == "*" zip {
        print $1; found = 1 } END { exit !found }' SHA256SUMS ||
        { printf 'error: there is no archive for %s\n' "$1" >&2; exit 1; }
}

fill() {
    local text target
    text=$(<"$here/$1")
    text=${text//@VERSION@/$version}
    text=${text//@REPOSITORY@/$repository}
    text=${text//@DESCRIPTION@/$description}
    for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl universal-apple-darwin x86_64-pc-windows-msvc; do
        if [[ $text == *"@SHA256 $target@"* ]]; then
            text=${text//"@SHA256 $target@"/$(sum_of "$target")}
        fi
    done
    printf '%s\n' "$text" >"$2"
}
fill homebrew.rb jlproj.rb
fill scoop.json jlproj.json

# From this version's heading to the next one; before the first release, what is unreleased.
heading=$version
grep -q "^## \[$version\]" ../CHANGELOG.md || heading=Unreleased
awk -v heading="## [$heading]" 'index($0, "## ") == 1 { inside = index($0, heading) == 1; next } inside' \
    ../CHANGELOG.md >NOTES.md
cat >>NOTES.md <<'NOTES'

macOS refuses a program that a browser downloaded until its mark is gone: `xattr -d com.apple.quarantine jlproj`. `curl`,
Homebrew and `cargo binstall` set none.
NOTES
grep -q '^- ' NOTES.md || { printf 'error: CHANGELOG.md says nothing of %s\n' "$heading" >&2; exit 1; }
