#!/usr/bin/env bash
# Feeds every reader of foreign files with bytes that libFuzzer makes up, and stops at the first panic, leak of memory
# or input that takes longer than ten seconds.
#
# Usage: tests/fuzz/run.sh [SECONDS [TARGET…]]     600 seconds for each target without arguments
# Needs cargo-fuzz (`cargo install cargo-fuzz`) and a C++ compiler. What is found lies in tests/fuzz/artifacts; put it
# into seeds/TARGET when it is mended.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-600}
shift || true
# Names without spaces.
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd targets && for file in *.rs; do printf '%s ' "${file%.rs}"; done)

# What the compiler needs to count branches is not stable yet.
export RUSTC_BOOTSTRAP=1
for target in "$@"; do
    mkdir -p "corpus/$target"
    cargo fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1
done
