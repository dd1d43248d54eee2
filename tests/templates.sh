#!/usr/bin/env bash
# Checks the Julia templates and the shell scripts: each parses, and what runs quickly is run.
#
# Usage:   tests/templates.sh
# Reads:   JLPROJ_TEST_JULIA, a Julia to test with (default: what tests/get-julia.sh brings)
# stdout:  one line `ok …` or `FAILED …` for each check; the output of a failed check follows it
# Exit:    0 all passed; 1 something failed
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
repository=$(dirname "$here")
templates=$repository/templates
julia=${JLPROJ_TEST_JULIA:-$("$here/get-julia.sh")}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No network, and nothing of the user's.
export JULIA_PKG_SERVER=''
unset JULIA_LOAD_PATH JULIA_PROJECT JULIA_NUM_THREADS
# From Julia 1.9 on precompile files of the standard libraries are in the depot that comes with it.
JULIA_DEPOT_PATH=$work/depot
"$julia" --startup-file=no -e 'exit(VERSION < v"1.9" ? 0 : 1)' || JULIA_DEPOT_PATH+=:
export JULIA_DEPOT_PATH
# An empty registry, without which Pkg would download the General one.
mkdir -p "$work/depot/registries/Empty"
printf 'name = "Empty"\nuuid = "d9e3e4d5-0c5e-4c5f-8f0c-2b1f0f6f9a01"\nrepo = ""\n\n[packages]\n' \
    >"$work/depot/registries/Empty/Registry.toml"

failures=0
check() {
    local name=$1
    shift
    # In the background, since bash ignores `set -e` within the condition of an `if`.
    "$@" >"$work/output" 2>&1 &
    if wait "$!"; then
        printf 'ok %s\n' "$name"
    else
        printf 'FAILED %s\n' "$name"
        sed 's/^/    /' "$work/output"
        failures=$((failures + 1))
    fi
}

run_julia() { "$julia" --startup-file=no --history-file=no "$@"; }
# has FILE LINE...: the file has each of the lines.
has() {
    local file=$1 line
    shift
    for line in "$@"; do
        grep -qxF -- "$line" "$file" || {
            printf 'no line "%s" in %s:\n' "$line" "$file"
            cat "$file"
            return 1
        }
    done
}

# --- shell scripts
while IFS= read -r -d '' script; do
    check "bash -n ${script#"$repository"/}" bash -n "$script"
    # A template is none yet. Messages have backticks in quotes, and what follows `||` may run after `&&`.
    if command -v shellcheck >/dev/null && [[ $script != */templates/* ]]; then
        check "shellcheck ${script#"$repository"/}" \
            shellcheck -x --source-path=SCRIPTDIR --exclude=SC2015,SC2016 "$script"
    fi
done < <(find "$repository" \( -name target -o -name .git \) -prune -o -name '*.sh' -print0)

# --- all templates parse
cat >"$work/parse.jl" <<'JULIA'
# A syntax error does not throw here: it is an expression in the tree.
broken(part) = part isa Expr && (part.head in (:error, :incomplete) || any(broken, part.args))
for file in ARGS
    broken(Base.parse_input_line(read(file, String); filename = file)) && error("$file does not parse")
end
JULIA
for file in "$templates"/*.jl "$here"/packages/*/src/*.jl; do
    check "parses ${file#"$repository"/}" run_julia "$work/parse.jl" "$file"
done

for file in "$templates"/*.py; do
    if command -v python3 >/dev/null; then
        check "parses ${file#"$repository"/}" python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read())' "$file"
    fi
done

# --- each states its contract at its head
contract() { has_words "$(sed -n '/^#/!q;p' "$1")" Julia: Exit: Reads: Writes: ARGS:; }
has_words() {
    local text=$1 word
    shift
    for word in "$@"; do
        case $text in
        *"$word"*) ;;
        *)
            printf 'no "%s" in the head\n' "$word"
            return 1
            ;;
        esac
    done
}
for file in "$templates"/*.jl; do
    case ${file##*/} in
    direct_steps.jl) ;; # the contract is that of direct.jl
    *) check "contract of ${file##*/}" contract "$file" ;;
    esac
done

# --- exchange: what is written is read back
cat >"$work/exchange.jl" <<'JULIA'
include(ARGS[1])
nasty = ["", "plain", "quote \" and ' and \\", "tab\tnewline\nreturn\r", "\0\x01\x1f\x7f", "\$(run)",
         "umläut ☃ 𝄞", "[[table]]", "a = 1 # comment", "\u2028"]
file = ARGS[2]
write_result(file, [
    "format" => 1, "yes" => true, "no" => false, "number" => -3, "real" => 1.5e-7, "whole" => 2.0,
    "none" => String[], "nasty" => nasty, "invalid" => "a\xffb",
    "tables" => [["text" => text, "list" => [text, text]] for text in nasty],
    "no_tables" => Any[],
])
data = read_request(file)
@assert data["format"] === 1 && data["yes"] === true && data["no"] === false && data["number"] === -3
@assert data["real"] === 1.5e-7 && data["whole"] === 2.0
@assert isempty(data["none"]) && data["nasty"] == nasty
@assert data["invalid"] == "a\ufffdb"
@assert [table["text"] for table in data["tables"]] == nasty
@assert all(table["list"] == [table["text"], table["text"]] for table in data["tables"])
@assert isempty(rows(data, "no_tables")) && !isfile(file * ".part")
@assert length(error_text(ErrorException("é"^5000))) == 2000
# Julia's own parser before 1.6 does not know these.
@assert sprint(print_value, -Inf) == "-inf" && sprint(print_value, NaN) == "nan"
write_result(file, ["format" => 2])
@assert read_request(file)["format"] == 2
JULIA
check 'exchange round trip' run_julia "$work/exchange.jl" "$templates/exchange.jl" "$work/a result.toml"

# --- statements: types only, never code
cat >"$work/statements.jl" <<'JULIA'
steps = Module()
Base.include(steps, ARGS[1])
mark = ARGS[2]
accepted = ["precompile(Tuple{typeof(Base.sin), Float64})", "precompile(Tuple{typeof(Base.cos), Float64}) # recompile"]
refused = ["precompile(touch($(repr(mark))))", "precompile(Tuple{typeof(touch($(repr(mark))))})",
           "precompile(Tuple{typeof(Base.sin), Int}); touch($(repr(mark)))", "touch($(repr(mark)))",
           "precompile(((", "", "# comment", "precompile(\"\$(touch($(repr(mark))))\")"]
@assert all(Core.eval(steps, :(parse_statement($line))) !== nothing for line in accepted)
@assert all(Core.eval(steps, :(parse_statement($line))) === nothing for line in refused)
write(ARGS[3], join(vcat(accepted, refused), "\n"))
Core.eval(steps, :(replay([$(ARGS[3])])))
@assert !ispath(mark)
@assert !isdefined(Main, :JlprojStatements)
JULIA
check 'statements are data' run_julia "$work/statements.jl" "$templates/direct_steps.jl" "$work/mark" "$work/lines.jl"

# --- probe
probe() {
    run_julia "$templates/probe.jl" "$work/probe.toml"
    has "$work/probe.toml" 'format = 1' "julia_bin = \"$(realpath "$julia")\"" 'name = "Dates"'
    has "$work/probe.toml" 'missing_libraries = []' 'uuid = "ade2ca70-3891-5945-98fb-dc099432e06a"'
}
check 'probe' probe

# --- a project of two packages: a good one and one that throws
good=11111111-1111-4111-8111-111111111111
bad=22222222-2222-4222-8222-222222222222
project="$work/a project"
for name in Good Bad; do mkdir -p "$project/$name/src"; done
printf 'name = "Good"\nuuid = "%s"\nversion = "0.1.0"\n' "$good" >"$project/Good/Project.toml"
printf 'name = "Bad"\nuuid = "%s"\nversion = "0.2.0"\n' "$bad" >"$project/Bad/Project.toml"
printf 'module Good\nend\n' >"$project/Good/src/Good.jl"
printf 'module Bad\nerror("bad \\"luck\\"")\nend\n' >"$project/Bad/src/Bad.jl"
printf '[deps]\nGood = "%s"\nBad = "%s"\n' "$good" "$bad" >"$project/Project.toml"
printf '[[Bad]]\npath = "Bad"\nuuid = "%s"\nversion = "0.2.0"\n\n[[Good]]\npath = "Good"\nuuid = "%s"\nversion = "0.1.0"\n' \
    "$bad" "$good" >"$project/Manifest.toml"
printf '[[packages]]\nname = "Bad"\nuuid = "%s"\n\n[[packages]]\nname = "Good"\nuuid = "%s"\n' \
    "$bad" "$good" >"$work/packages.toml"
{ printf 'precompile_only = true\n\n'; cat "$work/packages.toml"; } >"$work/precompile.toml"

import() {
    run_julia --project="$project" "$templates/import.jl" "$work/$1.toml" "$work/import.toml"
    # In the order asked: the first fails, the second is loaded all the same.
    [ "$(grep -E '^ok = ' "$work/import.toml" | tr '\n' ' ')" = 'ok = false ok = true ' ] || {
        cat "$work/import.toml"
        return 1
    }
    has "$work/import.toml" 'version = "0.1.0"'
    [ -d "$work/depot/compiled" ]
}
check 'import: a failing package stops no other' import packages
check 'import: precompile only' import precompile

verify() {
    run_julia --project="$project" "$templates/verify.jl" "$work/packages.toml" "$work/verify.toml"
    has "$work/verify.toml" 'format = 1' 'in_main = false' 'in_image = false' 'name = "Base"' 'name = "Core"'
    if grep '^in_main = true' "$work/verify.toml"; then return 1; fi
}
check 'verify under the default image' verify

# --- PackageCompiler: a stand-in of ours, installed without a registry, and the driver
install() {
    printf 'folder = "%s"\nversion = "1.4.1"\npath = "%s"\n' "$work/builder" "$here/packages/PackageCompiler" \
        >"$work/install.toml"
    run_julia "$templates/install_packagecompiler.jl" "$work/install.toml" "$work/installed.toml"
    has "$work/installed.toml" 'ok = true' 'version = "1.4.1"'
}
install_fails() {
    printf 'folder = "%s"\nversion = "1.4.1"\npath = "%s"\n' "$work/none" "$work" >"$work/install.toml"
    run_julia "$templates/install_packagecompiler.jl" "$work/install.toml" "$work/installed.toml"
    has "$work/installed.toml" 'ok = false'
}
drive() {
    printf 'project = "%s"\nsysimage_path = "%s"\nstatements = []\ncpu_target = "native"\nscript = "%s"\n' \
        "$project" "$work/sys.so" "$templates/unpin.jl" >"$work/driver.toml"
    printf 'an image' >"$work/image"
    JLPROJ_REQUEST=$work/driver.toml JLPROJ_STANDIN_IMAGE=$work/image JLPROJ_STANDIN_LOG=$work/standin.log \
        run_julia --project="$work/builder" "$templates/packagecompiler.jl" "$work/driver.toml" "$work/driven.toml"
    has "$work/driven.toml" 'ok = true' 'version = "1.4.1"'
    # By name nothing is baked: the script loads all.
    grep -q '^packages.*Symbol\[\]$' "$work/standin.log"
    grep -q '^incremental.*true$' "$work/standin.log"
    cmp "$work/image" "$work/sys.so"
}
drive_fails() {
    JLPROJ_STANDIN_SIGNAL9=1 JLPROJ_REQUEST=$work/driver.toml \
        run_julia --project="$work/builder" "$templates/packagecompiler.jl" "$work/driver.toml" "$work/driven.toml"
    has "$work/driven.toml" 'ok = false'
    grep -q 'ProcessSignaled(9)' "$work/driven.toml"
}
# The stand-in has the arguments of 1.4.1; on 1.6 and later the driver is used with 2.x.
if run_julia -e 'exit(VERSION < v"1.6" ? 0 : 1)'; then
    check 'install PackageCompiler from a folder' install
    check 'drive PackageCompiler' drive
    check 'a killed build is reported' drive_fails
fi
check 'install: a folder that is no package' install_fails

# --- pkg
pkg_status() {
    run_julia --project="$project" "$templates/pkg.jl" status >"$work/status" 2>&1
    grep -q 'Good v0.1.0' "$work/status"
}
pkg_fails() {
    local code=0
    # shellcheck disable=SC2016 # to be taken as it is
    run_julia --project="$project" "$templates/pkg.jl" add 'No Such $(touch x) Package' >"$work/status" 2>&1 || code=$?
    [ "$code" -eq 1 ] || { cat "$work/status"; return 1; }
    grep -q '^ERROR: ' "$work/status"
}
pkg_path() {
    local other=$work/other
    mkdir -p "$other" "$work/dir with space/Spaced/src"
    printf 'name = "Spaced"\nuuid = "33333333-3333-4333-8333-333333333333"\nversion = "0.3.0"\n' \
        >"$work/dir with space/Spaced/Project.toml"
    printf 'module Spaced\nend\n' >"$work/dir with space/Spaced/src/Spaced.jl"
    : >"$other/Project.toml"
    run_julia --project="$other" "$templates/pkg.jl" dev "$work/dir with space/Spaced"
    grep -q 'Spaced' "$other/Project.toml"
}
check 'pkg status' pkg_status
check 'pkg: a failure exits 1 with a message' pkg_fails
check 'pkg: a path with spaces stays one word' pkg_path

[ "$failures" -eq 0 ] || { printf '%s checks failed\n' "$failures"; exit 1; }
