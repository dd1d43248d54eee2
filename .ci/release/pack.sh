#!/usr/bin/env bash
# Builds jlproj for one target and packs it, with completions, manual page, licences and README.
#
# Usage:   .ci/release/pack.sh TARGET
# TARGET:  one of Rust's, which this machine can build for and start; `universal-apple-darwin` is both of Apple's in one
# Writes:  dist/jlproj-vVERSION-TARGET.tar.gz (Windows: .zip), and a .sha256 beside it
# On Linux the program must need no shared libraries, nor a C library of a certain age: musl is part of it.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:?usage: pack.sh TARGET}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=jlproj-v$version-$target
build=${CARGO_TARGET_DIR:-target}

program=jlproj
case $target in
universal-apple-darwin)
    for part in aarch64 x86_64; do
        cargo build --release --locked --target "$part-apple-darwin"
    done
    mkdir -p "$build/$target/release"
    lipo -create -output "$build/$target/release/jlproj" \
        "$build"/{aarch64,x86_64}-apple-darwin/release/jlproj
    # Apple's processors start no program that is not signed, at least by nobody in particular.
    codesign --force --sign - "$build/$target/release/jlproj"
    ;;
*-windows-*)
    program=jlproj.exe
    # Not everybody has the C library that Visual Studio brings.
    RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target "$target"
    ;;
*-linux-*)
    # A program that is not moved in memory starts sooner.
    RUSTFLAGS='-C relocation-model=static' cargo build --release --locked --target "$target"
    ;;
*) cargo build --release --locked --target "$target" ;;
esac
built=$build/$target/release/$program
if [[ $target == *-linux-* ]] && readelf -dW "$built" | grep -F '(NEEDED)'; then
    printf 'error: `%s` needs shared libraries\n' "$built" >&2
    exit 1
fi

folder=dist/$name
rm -rf "$folder"
mkdir -p "$folder/completions" "$folder/man"
cp "$built" "$folder/"
cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$folder/"
cp -R docs "$folder/"
"$built" completions bash >"$folder/completions/jlproj.bash"
"$built" completions zsh >"$folder/completions/_jlproj"
"$built" completions fish >"$folder/completions/jlproj.fish"
"$built" completions powershell >"$folder/completions/_jlproj.ps1"
"$built" man >"$folder/man/jlproj.1"

cd dist
case $target in
*-windows-*)
    archive=$name.zip
    rm -f "$archive"
    7z a -bd -bso0 "$archive" "$name"
    ;;
*)
    archive=$name.tar.gz
    tar -czf "$archive" "$name"
    ;;
esac
rm -rf "$name"
if command -v sha256sum >/dev/null; then
    sha256sum "$archive" >"$archive.sha256"
else
    shasum -a 256 "$archive" >"$archive.sha256"
fi
cat "$archive.sha256"
