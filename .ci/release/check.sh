#!/usr/bin/env bash
# Whether this tree may be released: Cargo.toml, CHANGELOG.md and the tag name one version, and the addresses that people
# will install from are those of this repository.
#
# Usage:  [REPOSITORY=https://…] [TAG=v1.2.3] .ci/release/check.sh
# Exit:   0; 1 where something differs, with a line for each
set -euo pipefail
cd "$(dirname "$0")/../.."

field() { sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" Cargo.toml | head -n 1; }

failed=
differs() { printf 'error: %s\n' "$*" >&2; failed=yes; }

version=$(field version)
repository=$(field repository)

[ -z "${TAG:-}" ] || [ "$TAG" = "v$version" ] || differs "the tag is \`$TAG\`, and Cargo.toml says \`$version\`"
[ -z "${REPOSITORY:-}" ] || [ "$REPOSITORY" = "$repository" ] ||
    differs "this repository is \`$REPOSITORY\`, and Cargo.toml says \`$repository\`"
if [ -n "${TAG:-}" ] && ! grep -q "^## \[$version\] - [0-9-]*\$" CHANGELOG.md; then
    differs "CHANGELOG.md has no heading \`## [$version] - YEAR-MONTH-DAY\`"
fi
[ -z "$failed" ] || exit 1
printf 'version %s of %s\n' "$version" "$repository"
