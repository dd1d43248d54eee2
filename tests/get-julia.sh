#!/usr/bin/env bash
# Gets Julia 1.5.3 for the tests, without root and without changing the machine.
#
# Usage:   julia=$(tests/get-julia.sh)
# Writes:  ${JLPROJ_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jlproj-tests}/julia-1.5.3
# Reads:   the machine's apt sources (for a mirror's address) and its Debian archive keyring;
#          JLPROJ_TEST_DEBIAN_MIRROR, when set, is used instead of the address found there
# stdout:  one line, the path of the julia executable; progress and errors go to stderr
# Exit:    0 Julia is there and starts; 1 it could not be had
#
# Why Debian 11's packages: they can be unpacked anywhere (RUNPATH is relative to the files), and a
# Debian mirror is reachable where Julia's own downloads are not. Every package is bullseye's own:
# with a later libunwind8 this Julia crashes as soon as an error is thrown.
set -euo pipefail

readonly version=1.5.3
readonly suite=bullseye
readonly packages=(
    julia julia-common libjulia1 libjulia-dev libllvm9 libunwind8 libutf8proc2 libopenlibm3
    libdsfmt-19937-1 libgit2-1.1 libmbedtls12 libmbedcrypto3 libmbedx509-0 libhttp-parser2.9
    libpcre2-8-0 libpcre3 libffi7 libgfortran5 libssh2-1 libmpfr6 libgmp10
)
# "package library": fetched only where the machine has no such library.
readonly packages_where_missing=(
    "libz3-4 libz3.so.4" "libedit2 libedit.so.2" "libbsd0 libbsd.so.0" "libmd0 libmd.so.0"
    "libtinfo6 libtinfo.so.6" "libquadmath0 libquadmath.so.0"
)

what=julia
. "$(dirname "$0")/cache.sh"
readonly target=$cache/julia-$version

# The folder gets its name only when all in it was unpacked and tried, so its presence is enough.
finish_when_present() {
    if [ -x "$target/usr/bin/julia" ]; then
        printf '%s\n' "$target/usr/bin/julia"
        exit 0
    fi
}
finish_when_present

[ "$(uname -s)" = Linux ] || fail 'only Debian on amd64 is supported; install Julia and set JLPROJ_TEST_JULIA'
[ "$(uname -m)" = x86_64 ] || fail "Debian 11 has Julia for amd64 and this is $(uname -m); set JLPROJ_TEST_JULIA"
for tool in apt-get dpkg flock; do
    command -v "$tool" >/dev/null || fail "no $tool here: this needs Debian (or set JLPROJ_TEST_JULIA)"
done

# One run works, another waits for it and takes its result. The kernel drops the lock of a dead run.
exec 9>"$cache/julia-$version.lock"
flock 9
finish_when_present

work=$(mktemp -d "$cache/.julia-$version.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Nobody else works here while we hold the lock: what a killed run left can go.
find "$cache" -maxdepth 1 -name ".julia-$version.*" ! -path "$work" -exec rm -rf {} +
rm -rf "$target"

# Prints all URIs of binary sources, in apt's order: the classic files, then the deb822 ones.
source_uris() {
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        # deb [options] URI suite component...
        sed -n -E 's/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' "$file"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        sed -n -E 's/^URIs:[[:space:]]*//Ip' "$file" | tr -s '[:space:]' '\n'
    done
}

# A source may point to a file that lists mirrors (Debian's cloud images do that).
plain_uris() {
    local uri
    while IFS= read -r uri; do
        case $uri in
        mirror+file:*)
            uri=${uri#mirror+file:}
            sed -E 's/[[:space:]].*//' "/${uri##+(/)}" 2>/dev/null || true
            ;;
        *) printf '%s\n' "$uri" ;;
        esac
    done
}

shopt -s extglob nullglob
mirror=${JLPROJ_TEST_DEBIAN_MIRROR:-}
if [ -z "$mirror" ]; then
    while IFS= read -r uri; do
        # Security archives end in /debian-security, third parties in names of their own.
        if [[ ${uri%%+(/)} == */debian ]]; then
            mirror=$uri
            break
        fi
    done < <(source_uris | plain_uris)
fi
[ -n "$mirror" ] || fail 'no Debian mirror in the apt sources of this machine; set JLPROJ_TEST_DEBIAN_MIRROR'

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || fail "$keyring is missing: install debian-archive-keyring"

# apt with state of our own. The machine's proxy and transport settings stay in force; its hooks do
# not, since some (docker-clean) delete the machine's own package cache.
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/debs" "$work/root"
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$work/apt/sources.list"
cat >"$work/apt/apt.conf" <<CONFIGURATION
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$work/apt";
Dir::State::lists "$work/apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/apt";
Dir::Cache::archives "$work/apt/archives";
Dir::Log "$work/apt";
Debug::NoLocking "1";
APT::Sandbox::User "$(id -un)";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Get::AllowUnauthenticated "0";
Acquire::Languages "none";
Acquire::Check-Valid-Until "0";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
CONFIGURATION

private_apt() { apt-get --quiet --quiet --config-file "$work/apt/apt.conf" "$@" >&2 9>&-; }

three_tries() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        if [ "$try" -lt 3 ]; then
            say "try $try of 3 failed: $1 $2"
            sleep $((try * 2))
        fi
    done
    return 1
}

. "$(dirname "$0")/wanted-packages.sh"

# With Error-Mode=any a failed index is a failure, not a warning over old lists.
say "reading the package index of Debian $suite"
three_tries private_apt update --option APT::Update::Error-Mode=any || fail "apt could not read $suite's package index"
say "fetching ${#wanted[@]} packages"
cd "$work/debs"
three_tries private_apt download "${wanted[@]}" || fail "apt could not fetch the packages of Julia $version"

say 'unpacking'
for package in "${wanted[@]}"; do
    files=("$package"_*.deb)
    [ "${#files[@]}" -eq 1 ] || fail "expected one file for package $package and found ${#files[@]}"
    dpkg -x "${files[0]}" "$work/root" >&2 || fail "could not unpack ${files[0]}"
done
cd "$cache"

# Debian's libraries find each other in the system's folders, which we do not touch. julia's own search
# path is a DT_RUNPATH, which the loader uses for julia's direct needs alone; as a DT_RPATH (the
# same entry with another tag) it holds for whatever those need in turn, libgit2's TLS for one.
# An LD_LIBRARY_PATH would do as well, but it would reach the linker and the compiler too.
extend_search_path() {
    perl -e '
        use strict; use warnings;
        open(my $file, "+<:raw", $ARGV[0]) or die "cannot open $ARGV[0]: $!\n";
        my $read = sub { my ($at, $size) = @_; my $bytes;
            seek($file, $at, 0); read($file, $bytes, $size) == $size or die "short file\n"; $bytes };
        my ($program_headers) = unpack("Q<", $read->(32, 8));
        my ($size, $count) = unpack("S<S<", $read->(54, 4));
        for my $index (0 .. $count - 1) {
            my ($type, $flags, $offset, $address, $physical, $length) =
                unpack("L<L<Q<Q<Q<Q<", $read->($program_headers + $index * $size, 40));
            next unless $type == 2;                                   # PT_DYNAMIC
            for (my $at = $offset; $at < $offset + $length; $at += 16) {
                next unless unpack("Q<", $read->($at, 8)) == 29;      # DT_RUNPATH
                seek($file, $at, 0);
                print $file pack("Q<", 15);                           # DT_RPATH
                close($file) or die "cannot write: $!\n";
                exit 0;
            }
        }
        die "no DT_RUNPATH in $ARGV[0]\n";
    ' "$1" >&2
}
extend_search_path "$work/root/usr/bin/julia" || fail 'could not set the search path of the unpacked julia'
# Some libraries bring search paths of their own: libLLVM one that is a folder off, those beside
# libopenblas their own folder; and a few packages put theirs under /lib.
libraries_folder=$work/root/usr/lib/x86_64-linux-gnu
ln -s x86_64-linux-gnu "$work/root/usr/lib/lib"
for library in "$work/root/lib/x86_64-linux-gnu"/*.so.*; do
    ln -s "../../../lib/x86_64-linux-gnu/${library##*/}" "$libraries_folder/${library##*/}"
done
for library in "$libraries_folder"/lib{gfortran,quadmath}.so.*; do
    ln -s "../${library##*/}" "$libraries_folder/julia/${library##*/}"
done

# Loading every library that the tests use, and throwing an error from C, shows at once what would
# otherwise look like a fault of the code under test.
starts() {
    JULIA_DEPOT_PATH="$work/depot" JULIA_LOAD_PATH='@stdlib' "$1" --startup-file=no --history-file=no \
        -e "VERSION == v\"$version\" || exit(1)
            using LibGit2, LinearAlgebra, Libdl
            LibGit2.version(); rand(3, 3) * rand(3, 3); dlpath(\"libjulia\")
            try; cd(\"/nonexistent\"); catch; end
            try; [1][2]; catch; end" >&2 9>&-
}
starts "$work/root/usr/bin/julia" || fail "the unpacked Julia does not start (see above)"
mv -T "$work/root" "$target" || fail "could not move Julia to $target"
starts "$target/usr/bin/julia" || fail "Julia does not start from $target"
say "Julia $version is in $target"
printf '%s\n' "$target/usr/bin/julia"
