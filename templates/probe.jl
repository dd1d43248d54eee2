# probe.jl: what a Julia is, asked once per binary.
#
# Julia:   1.4 and later, run as `julia --startup-file=no --history-file=no probe.jl RESULT`.
# ARGS:    RESULT, the file to write.
# Reads:   the names and Project.toml files of the standard libraries.
# Writes:  RESULT (TOML).
# Exit:    0; 1 with Julia's own message when something is not as in any Julia we know.
#
# Loads nothing that the default image does not hold (from Julia 1.11 on that excludes Pkg), so that it
# answers in well under a second and `modules` is the default image's contents.

module JlprojProbe

include(joinpath(@__DIR__, "exchange.jl"))

const libdl = Base.require(Base.PkgId(Base.UUID("8f399da3-3557-5675-b5ff-fb832c97cbdb"), "Libdl"))

is_debug_build() = ccall(:jl_is_debugbuild, Cint, ()) != 0

# What an image is linked against. libjulia-internal exists from 1.6 on and holds what images need.
function libraries()
    suffix = is_debug_build() ? "-debug" : ""
    folders = String[]
    names = String[]
    for name in ("julia-internal" * suffix, "julia" * suffix)
        for path in libdl.dllist()
            startswith(basename(path), "lib" * name * ".") || continue
            push!(names, name)
            folder = realpath(dirname(path))
            folder in folders || push!(folders, folder)
            break
        end
    end
    if Sys.iswindows()
        # The linker wants the import libraries, which are not where the DLLs are.
        folder = abspath(Sys.BINDIR, "..", "lib")
        isdir(folder) && pushfirst!(folders, folder)
    end
    return folders, names
end

# A distribution may ship libjulia without the name that `-ljulia` looks for (Debian: libjulia-dev).
function unlinkable(folders, names)
    missing_names = String[]
    for name in names
        candidates = Sys.iswindows() ? ("lib$name.dll.a", "lib$name.dll") : ("lib$name.$(libdl.dlext)",)
        found = any(isfile(joinpath(folder, file)) for folder in folders for file in candidates)
        found || push!(missing_names, name)
    end
    return missing_names
end

# Julia brings a linker of its own from 1.9 on; "" when this one does not.
function own_linker()
    isdefined(Base, :Linking) || return ""
    executable = Sys.iswindows() ? "lld.exe" : "lld"
    for folder in (Base.PRIVATE_LIBEXECDIR, Base.LIBEXECDIR)
        path = abspath(Sys.BINDIR, folder, executable)
        isfile(path) && return path
    end
    return ""
end

# The flag byte in the names of cache files (1.9 and later), -1 where there is none.
function cache_flags()
    return try
        Int(ccall(:jl_cache_flags, UInt8, ()))
    catch
        -1
    end
end

function modules()
    return [["name" => id.name, "uuid" => uuid_text(id)] for id in keys(Base.loaded_modules)]
end

function standard_libraries()
    found = Vector{Pair{String,String}}[]
    for name in readdir(Sys.STDLIB)
        file = joinpath(Sys.STDLIB, name, "Project.toml")
        isfile(file) || continue
        # By pattern and not by the parser: on 1.5 that one takes longer than all the rest here.
        text = read(file, String)
        uuid = match(r"^uuid\s*=\s*\"([^\"]+)\""m, text)
        uuid === nothing && continue
        version = match(r"^version\s*=\s*\"([^\"]+)\""m, text)
        push!(found, ["name" => name, "uuid" => String(uuid[1]),
                      "version" => version === nothing ? "" : String(version[1])])
    end
    return found
end

function main(result)
    options = Base.JLOptions()
    in_image = modules()
    folders, names = libraries()
    write_result(result, [
        "format" => 1,
        "version" => string(VERSION),
        "commit" => string(Base.GIT_VERSION_INFO.commit),
        "arch" => string(Sys.ARCH),
        "kernel" => string(Sys.KERNEL),
        "word_size" => Sys.WORD_SIZE,
        "debug_build" => is_debug_build(),
        "julia_bin" => unsafe_string(options.julia_bin),
        "bin_dir" => String(Sys.BINDIR),
        "image_file" => realpath(unsafe_string(options.image_file)),
        "library_extension" => libdl.dlext,
        "library_dirs" => folders,
        "link_libraries" => names,
        "missing_libraries" => unlinkable(folders, names),
        "own_linker" => own_linker(),
        "has_linking" => isdefined(Base, :Linking),
        "stdlib_dir" => abspath(Sys.STDLIB),
        "cpu_name" => String(Sys.CPU_NAME),
        "cpu_threads" => Int(Sys.CPU_THREADS),
        "cache_flags" => cache_flags(),
        "depots" => String[depot for depot in DEPOT_PATH],
        "load_path" => String[entry for entry in LOAD_PATH],
        "modules" => in_image,
        "stdlibs" => standard_libraries(),
    ])
end

main(abspath(ARGS[1]))

end
