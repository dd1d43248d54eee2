#!/usr/bin/env bash
# Gets Slurm (slurmctld, slurmd, srun, sbatch and what they need) for the tests, without root and without changing the
# machine: Debian's packages, unpacked into a folder.
#
# Usage:   folder=$(tests/get-slurm.sh)
# Writes:  ${JLPROJ_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jlproj-tests}/slurm
# Reads:   the machine's package lists and apt sources
# stdout:  one line, the folder; its `bin` has the programs. Progress and errors go to stderr
# Exit:    0 Slurm is there and starts; 1 it could not be had
#
# The programs look for their libraries in /usr/lib; `bin` has scripts that start them with those of the folder, without
# a variable that the jobs would inherit.
set -euo pipefail

readonly packages=(slurmctld slurmd slurm-client slurm-wlm-basic-plugins libmunge2)
# "package library": fetched only where the machine has no such library.
readonly packages_where_missing=(
    "libhwloc15 libhwloc.so.15" "libnuma1 libnuma.so.1" "libyaml-0-2 libyaml-0.so.2" "libjson-c5 libjson-c.so.5"
    "liblua5.1-0 liblua5.1.so.0" "libdbus-1-3 libdbus-1.so.3" "libpam0g libpam.so.0" "liblz4-1 liblz4.so.1"
    "libreadline8 libreadline.so.8"
)

what=slurm
. "$(dirname "$0")/cache.sh"
readonly target=$cache/slurm

# The folder gets its name only when all in it was unpacked and tried, so its presence is enough.
finish_when_present() {
    if [ -x "$target/bin/slurmd" ]; then
        printf '%s\n' "$target"
        exit 0
    fi
}
finish_when_present

for tool in apt-get dpkg flock ldconfig; do
    PATH=$PATH:/sbin:/usr/sbin command -v "$tool" >/dev/null || fail "no $tool here: this needs Debian"
done
architecture=$(dpkg --print-architecture)
case $architecture in
amd64) triplet=x86_64-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu loader=/lib/ld-linux-aarch64.so.1 ;;
*) fail "this knows amd64 and arm64, not $architecture" ;;
esac

# One run works, another waits for it and takes its result. The kernel drops the lock of a dead run.
exec 9>"$cache/slurm.lock"
flock 9
finish_when_present

work=$(mktemp -d "$cache/.slurm.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work/debs" "$work/root" "$work/root/bin"

. "$(dirname "$0")/wanted-packages.sh"

say "fetching ${#wanted[@]} packages"
(cd "$work/debs" && apt-get --quiet --quiet --option APT::Sandbox::User="$(id -un)" download "${wanted[@]}" >&2 9>&-) ||
    fail 'apt could not fetch the packages; are its lists there (apt-get update)?'
for package in "$work"/debs/*.deb; do
    dpkg -x "$package" "$work/root" >&2 || fail "could not unpack $package"
done

wrap() { # name, program below the folder
    [ -x "$work/root/$2" ] || fail "the packages have no $2"
    cat >"$work/root/bin/$1" <<SCRIPT
#!/bin/sh
exec $loader --library-path '$target/usr/lib/$triplet/slurm-wlm:$target/usr/lib/$triplet' --argv0 $1 '$target/$2' "\$@"
SCRIPT
    chmod +x "$work/root/bin/$1"
}
for name in srun sbatch squeue sinfo scancel scontrol; do wrap "$name" "usr/bin/$name"; done
for name in slurmctld slurmd slurmstepd; do wrap "$name" "usr/sbin/$name-wlm"; done
ln -s "usr/lib/$triplet/slurm-wlm" "$work/root/plugins"

rm -rf "$target"
mv -T "$work/root" "$target" || fail "could not move Slurm to $target"
for name in slurmctld slurmd; do
    "$target/bin/$name" -V >&2 9>&- || { rm -rf "$target"; fail "$name does not start (see above)"; }
done
say "Slurm is in $target"
printf '%s\n' "$target"
