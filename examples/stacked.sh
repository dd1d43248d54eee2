#!/usr/bin/env bash
# One image for a project and for the tools of your default environment (`@v1.x`: Revise, BenchmarkTools and the like).
#
# Usage: examples/stacked.sh PROJECT
# Needs `jlproj` on PATH. Writes one line into PROJECT/jlproj.toml, and builds the image.
set -euo pipefail

project=${1:?usage: examples/stacked.sh PROJECT}

# The project wins; a package that the two hold at different versions stays outside of the image.
grep -qs '^stacked' "$project/jlproj.toml" || printf 'stacked = true\n' >>"$project/jlproj.toml"

jlproj build --dry-run "$project"
jlproj build "$project"
jlproj status --verbose "$project"

# What is in the image is there at once, the tools included.
jlproj run --project="$project" -e '
    using Libdl
    println("loaded at the start: ",
            join(sort([id.name for id in keys(Base.loaded_modules) if id.uuid !== nothing]), ", "))
'
