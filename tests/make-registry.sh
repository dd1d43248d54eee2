#!/usr/bin/env bash
# Makes a small registry and the git repositories of its packages, so that Pkg works without a network.
#
# Usage:  tests/make-registry.sh FOLDER
# Writes: FOLDER/registry       a registry (a folder: Pkg does not try to update it) for `Pkg.Registry.add(RegistrySpec(path = …))`
#         FOLDER/packages/NAME  a git repository for each registered package
#         FOLDER/dev/Helper     a package to be developed by path
# The same FOLDER gives the same registry. Packages:
#   Alpha 1.0.0 and 1.1.0; Beta 0.2.0 (on Alpha); Gamma 1.0.0 and 1.0.1 (on Dates);
#   Delta 1.0.0 (on Gamma); Extra 1.0.0
#   Helper 0.1.0, and OnHelper 1.0.0 (on Helper)
#   SlowLoad 1.0.0 (compiles for a second or so when it is loaded), SlowCall 1.0.0 (when it is first called)
#   Broken 1.0.0 (does not load); InitThrows 1.0.0 (its __init__ throws under any image but Julia's own)
#   Foreign 1.0.0 (loads on another processor only), OnForeign 1.0.0 (on Foreign, which it loads there only)
#   Uncached 1.0.0 (is never compiled ahead), OnUncached 1.0.0 (on Uncached)
#   Sneaky 1.0.0 (loads Extra without depending on it, where that can be found)
#   Built 1.0.0 (includes deps/deps.jl, which its build writes from BUILT_ANSWER), Schema 1.0.0 (depends on schema.txt in the
#   first depot), Prefers 1.0.0 (reads preferences of Extra and its own), Artful 1.0.0 (its __init__ wants an artifact)
#   Choosy 1.0.0 (starts only in projects that name it), Holder 1.0.0 (on Choosy)
#   Versioned 1.2.3 (its __init__ asks for its own version)
#   Moody 1.0.0 (its __init__ throws where MOODY is `bad`)
#   Extended 1.0.0 and Late 1.0.0 (each with an extension on Versioned and one on Gamma, from Julia 1.9 on)
#   Greeter 1.0.0 (has an app `greet`; on the Alpha, Beta and Gamma of the tests' project)
#   Remote 1.0.0 (makes a channel of Distributed when it is loaded, which a worker must not have before it is ready)
set -euo pipefail

folder=${1:?usage: make-registry.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)
# Where the shell writes paths of Windows in its own way, Julia would not understand them.
if command -v cygpath >/dev/null; then folder=$(cygpath -m "$folder"); fi

export GIT_AUTHOR_NAME=jlproj GIT_AUTHOR_EMAIL=jlproj@localhost GIT_AUTHOR_DATE='2020-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null

registry=$folder/registry
mkdir -p "$registry"
packages_table=

sha1() { if command -v sha1sum >/dev/null; then sha1sum; else shasum; fi; }

# The same for each run: a name decides its UUID.
uuid_of() {
    local hash
    hash=$(printf 'jlproj test package %s' "$1" | sha1 | cut -c1-32)
    printf '%s-%s-4%s-8%s-%s' "${hash:0:8}" "${hash:8:4}" "${hash:13:3}" "${hash:17:3}" "${hash:20:12}"
}

# write_package FOLDER NAME VERSION DEPENDENCIES CODE [REST]: dependencies as lines `Name = "uuid"`; the rest of Project.toml.
write_package() {
    mkdir -p "$1/src"
    {
        printf 'name = "%s"\nuuid = "%s"\nversion = "%s"\n' "$2" "$(uuid_of "$2")" "$3"
        [ -z "$4" ] || printf '\n[deps]\n%s\n' "$4"
        [ -z "${6:-}" ] || printf '\n%s\n' "$6"
    } >"$1/Project.toml"
    printf '%s\n' "$5" >"$1/src/$2.jl"
}

# register NAME VERSION DEPENDENCIES CODE [REST]: one more version of a package.
register() {
    local name=$1 version=$2 dependencies=$3 code=$4 rest=${5:-}
    local repository=$folder/packages/$name entry=$registry/${1:0:1}/$1 tree
    if [ ! -d "$repository/.git" ]; then
        git init -q -b main "$repository"
        mkdir -p "$entry"
        printf 'name = "%s"\nuuid = "%s"\nrepo = "%s"\n' "$name" "$(uuid_of "$name")" "$repository" \
            >"$entry/Package.toml"
        : >"$entry/Versions.toml"
        packages_table+="$(uuid_of "$name") = { name = \"$name\", path = \"${name:0:1}/$name\" }"$'\n'
    fi
    write_package "$repository" "$name" "$version" "$dependencies" "$code" "$rest"
    git -C "$repository" add -A
    git -C "$repository" commit -q -m "$name $version"
    git -C "$repository" tag "v$version"
    tree=$(git -C "$repository" rev-parse 'HEAD^{tree}')
    printf '["%s"]\ngit-tree-sha1 = "%s"\n\n' "$version" "$tree" >>"$entry/Versions.toml"
    if [ -n "$dependencies" ]; then
        printf '[%s]\n%s\n' "${version%%.*}" "$dependencies" >"$entry/Deps.toml"
    fi
}

dependency() { printf '%s = "%s"' "$1" "$(uuid_of "$1")"; }

rm -rf "${folder:?}/packages" "$registry" "${folder:?}/dev"
mkdir -p "$registry"

register Alpha 1.0.0 '' 'module Alpha
answer() = "alpha 1.0.0"
end'
register Alpha 1.1.0 '' 'module Alpha
answer() = "alpha 1.1.0"
end'
register Beta 0.2.0 "$(dependency Alpha)" 'module Beta
using Alpha
answer() = "beta on " * Alpha.answer()
end'
register Gamma 1.0.0 'Dates = "ade2ca70-3891-5945-98fb-dc099432e06a"' 'module Gamma
using Dates
answer() = string("gamma 1.0.0 ", Date(2020))
end'
register Gamma 1.0.1 'Dates = "ade2ca70-3891-5945-98fb-dc099432e06a"' 'module Gamma
using Dates
answer() = string("gamma 1.0.1 ", Date(2020))
end'
register Delta 1.0.0 "$(dependency Gamma)" 'module Delta
using Gamma
answer() = "delta on " * Gamma.answer()
end'
register Extra 1.0.0 '' 'module Extra
answer() = "extra 1.0.0"
end'
helper='module Helper
answer() = "helper 0.1.0"
end'
register Helper 0.1.0 '' "$helper"
register OnHelper 1.0.0 "$(dependency Helper)" 'module OnHelper
using Helper
answer() = "on " * Helper.answer()
end'
register Broken 1.0.0 '' 'module Broken
error("Broken is broken")
end'
register InitThrows 1.0.0 '' 'module InitThrows
function __init__()
    image = unsafe_string(Base.JLOptions().image_file)
    occursin("images-v1", image) || occursin("build-", image) || return
    error("InitThrows does not like images")
end
end'
register Foreign 1.0.0 '' 'module Foreign
error("Foreign is for another processor")
end'
register OnForeign 1.0.0 "$(dependency Foreign)" 'module OnForeign
if Sys.ARCH === :m68k
    using Foreign
end
answer() = "without Foreign"
end'
register Uncached 1.0.0 '' '__precompile__(false)
module Uncached
answer() = "uncached 1.0.0"
end'
register OnUncached 1.0.0 "$(dependency Uncached)" 'module OnUncached
using Uncached
answer() = "on " * Uncached.answer()
end'
register Sneaky 1.0.0 '' 'module Sneaky
const extra = Base.PkgId(Base.UUID("'"$(uuid_of Extra)"'"), "Extra")
function __init__()
    Base.locate_package(extra) === nothing || Base.require(extra)
end
end'
mkdir -p "$folder/packages/Built/deps" "$folder/packages/Artful"
printf 'deps.jl\nbuild.log\n' >"$folder/packages/Built/.gitignore"
printf '%s\n' 'write(joinpath(@__DIR__, "deps.jl"), "const answer_of_build = \"$(ENV["BUILT_ANSWER"])\"\n")' \
    >"$folder/packages/Built/deps/build.jl"
register Built 1.0.0 '' 'module Built
include(joinpath(@__DIR__, "..", "deps", "deps.jl"))
answer() = "built " * answer_of_build
end'
register Schema 1.0.0 '' 'module Schema
const file = joinpath(first(DEPOT_PATH), "schema.txt")
include_dependency(file)
const contents = isfile(file) ? read(file, String) : "none"
answer() = "schema " * contents
end'
register Prefers 1.0.0 '' 'module Prefers
const extra = Base.UUID("'"$(uuid_of Extra)"'")
const colour = isdefined(Base, :get_preferences) ? get(Base.get_preferences(extra), "colour", "none") : "none"
const own = Base.PkgId(Prefers).uuid
isdefined(Base, :record_compiletime_preference) && Base.record_compiletime_preference(own, "shade")
const shade = isdefined(Base, :get_preferences) ? get(Base.get_preferences(own), "shade", "none") : "none"
answer() = "prefers $colour $shade"
end'
printf '[data]\ngit-tree-sha1 = "%s"\n' "$(printf data | sha1 | cut -c1-40)" >"$folder/packages/Artful/Artifacts.toml"
register Artful 1.0.0 'Pkg = "44cfe95a-1eb2-52ea-b672-e2afdf69b78f"' 'module Artful
using Pkg.Artifacts: @artifact_str
const folder = Ref("")
__init__() = folder[] = artifact"data"
answer() = "artful " * read(joinpath(folder[], "data.txt"), String)
end'
register Choosy 1.0.0 '' 'module Choosy
function __init__()
    ccall(:jl_generating_output, Cint, ()) == 1 && return
    project = Base.active_project()
    names = project === nothing || !isfile(project) ? "" : read(project, String)
    occursin("Choosy", names) || error("Choosy is not in the active project")
end
answer() = "choosy"
end'
register Holder 1.0.0 "$(dependency Choosy)" 'module Holder
using Choosy
answer() = "holds " * Choosy.answer()
end'
register Moody 1.0.0 '' 'module Moody
function __init__()
    ccall(:jl_generating_output, Cint, ()) == 1 && return
    get(ENV, "MOODY", "") == "bad" && error("Moody is in a bad mood")
end
answer() = "moody"
end'
register Versioned 1.2.3 '' 'module Versioned
const version = Ref("")
__init__() = version[] = isdefined(Base, :pkgversion) ? string(pkgversion(@__MODULE__)) : "1.2.3"
answer() = "version " * version[]
end'
# register_extended NAME: a package that Versioned and Gamma extend, each where it is loaded.
register_extended() {
    local name=$1 trigger weak extensions=
    weak=$(dependency Versioned)$'\n'$(dependency Gamma)
    mkdir -p "$folder/packages/$name/ext"
    for trigger in Versioned Gamma; do
        extensions+="$name${trigger}Ext = \"$trigger\""$'\n'
        printf '%s\n' "module $name${trigger}Ext
using $name, $trigger
__init__() = push!($name.extensions, \"$trigger\")
end" >"$folder/packages/$name/ext/$name${trigger}Ext.jl"
    done
    register "$name" 1.0.0 '' "module $name
const extensions = String[]
answer() = isempty(extensions) ? \"${name,,}\" : \"${name,,} by \" * join(sort(extensions), \" and \")
end" "[weakdeps]
$weak

[extensions]
$extensions"
    printf '[1]\n%s\n' "$weak" >"$registry/${name:0:1}/$name/WeakDeps.toml"
}
register_extended Extended
register_extended Late
register Remote 1.0.0 'Distributed = "8ba89e20-285c-5b6f-9357-94700520ee1b"' 'module Remote
using Distributed
const channel = Ref{Any}()
__init__() = channel[] = RemoteChannel()
answer() = "remote"
end'
greeter=$(printf '%s\n' "$(dependency Alpha)" "$(dependency Beta)" "$(dependency Gamma)")
register Greeter 1.0.0 "$greeter" 'module Greeter
using Alpha, Beta, Gamma
image() = occursin("images-v1", unsafe_string(Base.JLOptions().image_file)) ? "image" : "plain"
function main(words)
    println(join([image(), Beta.answer(), words...], "|"))
    return length(words)
end
isdefined(Base, Symbol("@main")) && eval(Meta.parse("@main"))
end' '[apps]
greet = {}

[compat]
Alpha = "=1.0.0"
Gamma = "=1.0.0"'
printf '[1]\nAlpha = "1.0.0"\nGamma = "1.0.0"\n' >"$registry/G/Greeter/Compat.toml"
# Many methods that nothing has compiled yet when they are first called.
slow='work() = sum(value -> length(string(value)), [
'
for number in $(seq 1 12); do
    slow+="    f$number([1.0, $number]),"$'\n'
done
slow+='])
'
for number in $(seq 1 12); do
    slow+="f$number(v) = sort!([sin(x) + $number for x in v]; by = x -> (x, $number), rev = true) => Dict($number => v)"$'\n'
done
register SlowLoad 1.0.0 '' "module SlowLoad
${slow}__init__() = work()
end"
# Of an argument of any type: an image holds nothing of it that was not asked for.
slow=${slow//work()/work(scale)}
register SlowCall 1.0.0 '' "module SlowCall
${slow//\[1.0,/[scale,}end"

printf 'name = "Tests"\nuuid = "%s"\nrepo = "%s"\n\n[packages]\n%s' \
    "$(uuid_of registry)" "$registry" "$packages_table" >"$registry/Registry.toml"

write_package "$folder/dev/Helper" Helper 0.1.0 '' "$helper"
printf '%s\n' "$registry"
