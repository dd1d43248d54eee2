#!/usr/bin/env bash
# Few images for many projects: finds the projects below some folders, plans the images that save most over all that you
# use, and builds them.
#
# Usage: examples/sharing.sh IMAGES FOLDER…      examples/sharing.sh 3 ~/code
# Needs `jlproj` on PATH. A project counts by how often it is started through `jlproj run`; one that never was gets an
# image where it has the packages of one that others justify.
set -euo pipefail

images=${1:?usage: examples/sharing.sh IMAGES FOLDER…}
shift

jlproj scan "$@"
jlproj list
jlproj plan --images "$images"
jlproj plan --images "$images" --build
jlproj list
