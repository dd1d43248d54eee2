# The folder that keeps what the tests need. Sourced by the scripts that get it, with `what` set to what they get.
# Sets `cache`; ends the script with 1 where there is none.
# shellcheck shell=bash

say() { printf 'get-%s: %s\n' "${what:?}" "$*" >&2; }
fail() { say "$*"; exit 1; }

cache=${JLPROJ_TEST_CACHE:-}
if [ -z "$cache" ]; then
    [ -n "${XDG_CACHE_HOME:-${HOME:-}}" ] || fail 'set JLPROJ_TEST_CACHE: there is no HOME to put anything under'
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/jlproj-tests
fi
mkdir -p "$cache" || fail "cannot make the folder $cache; set JLPROJ_TEST_CACHE to another"
cache=$(cd "$cache" && pwd -P)
