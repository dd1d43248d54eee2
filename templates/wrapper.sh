#!/bin/sh
# @SEAL@
# julia: @JULIA_TEXT@
#
# Starts Julia with the image of its project, as jlproj finds it at that moment; plainly where there is none, where
# JLPROJ_DISABLE is set, and where jlproj is gone. Written by `jlproj setup`, taken back by its `--undo`.
jlproj=@JLPROJ@
julia=@JULIA@
if [ -x "$jlproj" ]; then
    exec "$jlproj" julia "$julia" @ARGUMENTS@"$@"
fi
if [ -x "$julia" ]; then
    exec "$julia" @ARGUMENTS@"$@"
fi
# The one on PATH may be juliaup's launcher, which may lead here again.
if [ -n "${JLPROJ_WRAPPER:-}" ]; then
    echo "$0: jlproj and the Julia that it was set up with are gone, and no other Julia is there" >&2
    exit 127
fi
export JLPROJ_WRAPPER=1
exec julia @ARGUMENTS@"$@"
