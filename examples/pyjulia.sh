#!/usr/bin/env bash
# A Python environment whose `from julia import Main` uses the image of a Julia project.
#
# Usage: examples/pyjulia.sh VENV PROJECT SCRIPT.py
# Needs `jlproj` on PATH, PyPI's `julia` in VENV, and PyCall in PROJECT, built for the Python of VENV
# (`PYTHON=VENV/bin/python julia --project=PROJECT -e 'using Pkg; Pkg.build("PyCall")'`).
# Writes three files into VENV; `jlproj setup pyjulia --venv VENV --undo` removes them.
set -euo pipefail

venv=${1:?usage: examples/pyjulia.sh VENV PROJECT SCRIPT.py}
project=${2:?usage: examples/pyjulia.sh VENV PROJECT SCRIPT.py}
script=${3:?usage: examples/pyjulia.sh VENV PROJECT SCRIPT.py}

jlproj build "$project"
jlproj setup pyjulia --venv "$venv" --project "$project"
jlproj setup pyjulia --venv "$venv" --project "$project" --check

# Nothing in the script has to know of it. What was decided, and why, is told on stderr.
JLPROJ_VERBOSE=1 "$venv/bin/python" "$script"
