# import.jl: loads packages by name and UUID and tells how each went.
#
# Julia:   1.4 and later, run with the project's own environment (`--project=` or JULIA_LOAD_PATH).
# ARGS:    REQUEST RESULT
# Reads:   REQUEST: `[[packages]]` name, uuid; `precompile_only`, `modules` (optional, false): whether RESULT is to
#          tell what is loaded in the end, each module with the package with which it came, each file that was read
#          when its code was compiled, and which packages are never compiled ahead.
# Writes:  RESULT (TOML); cache files in the first depot, as Julia does when a package is loaded.
# Exit:    0 however many packages failed (RESULT says which); 1 when REQUEST or RESULT is at fault.
#
# Used three ways: to make the cache files under the default image before an image is built (there
# on Julia 1.9 and later with `--pkgimages=no`, as the build step itself); with `precompile_only`
# under a finished image, for the packages that are not in it; and to measure load times.

module JlprojImport

include(joinpath(@__DIR__, "exchange.jl"))

const pkg_id = Base.PkgId(Base.UUID("44cfe95a-1eb2-52ea-b672-e2afdf69b78f"), "Pkg")

function locate(id)
    return try
        path = Base.locate_package(id)
        path === nothing ? "" : String(path)
    catch
        ""
    end
end

function row(id, ok, started, failure, baked, in_init = false)
    path = locate(id)
    version = haskey(Base.loaded_modules, id) ? origin(id, Base.loaded_modules[id]).version : ""
    if isempty(version) && !isempty(path)
        version = try
            stated_version(dirname(dirname(path)))
        catch
            ""
        end
    end
    return ["name" => id.name, "uuid" => uuid_text(id), "ok" => ok,
            "seconds" => (time_ns() - started) / 1.0e9, "error" => failure, "path" => path,
            "version" => version, "in_image" => baked, "in_init" => in_init]
end

function load(id, baked)
    started = time_ns()
    try
        Base.require(id)
        return row(id, true, started, "", baked)
    catch exception
        return row(id, false, started, error_text(exception), baked, fails_in_init(exception))
    end
end

# Whether a package was loaded, and its `__init__` failed, or that of one that it loads: then others may have it.
fails_in_init(exception) = exception isa InitError || exception isa LoadError && fails_in_init(exception.error)

# Pkg notes in a log of the depot that it worked in a project, and who reads it takes that for use by a person. In this
# process it notes nothing (`write_env_usage`, Pkg's src/Types.jl 1.6 to 1.10).
function leave_no_trace(pkg)
    isdefined(pkg.Types, :write_env_usage) || return
    Core.eval(pkg.Types, quote
        write_env_usage(source::AbstractString) = nothing
        write_env_usage(source::AbstractString, log::AbstractString) = nothing
    end)
end

# From 1.6 on Julia precompiles a whole environment in parallel and without loading it. 1.11 moved
# that into Base, where it does not cost loading Pkg (which need not be in the image). Failures of
# single packages are thrown at the end, after all others were done. Returns "" or what was thrown.
function precompile_environment()
    try
        if isdefined(Base, :Precompilation) && isdefined(Base.Precompilation, :precompilepkgs)
            Base.invokelatest(Base.Precompilation.precompilepkgs)
        else
            pkg = Base.require(pkg_id)
            leave_no_trace(pkg)
            Base.invokelatest(pkg.precompile)
        end
        return ""
    catch exception
        return error_text(exception)
    end
end

has_parallel_precompile() = isdefined(Base, :TOML_CACHE)        # both came with 1.6

function precompile(ids, in_image)
    failure = has_parallel_precompile() ? precompile_environment() : ""
    results = Any[]
    for id in ids
        if isdefined(Base, :isprecompiled) && id.uuid !== nothing
            started = time_ns()
            ready = id in in_image || try
                Base.isprecompiled(id)
            catch
                false
            end
            if ready
                push!(results, row(id, true, started, "", id in in_image))
                continue
            end
        end
        # Loading is what makes Julia write the missing file, and what tells why it cannot.
        push!(results, load(id, id in in_image))
    end
    return results, failure
end

# Loads one after the other; with the name of that which brought it for each module that was not there before.
function load_all(ids, in_image)
    results = Any[]
    brought_by = Dict{Base.PkgId,String}()
    known = Set(in_image)
    for id in ids
        push!(results, load(id, id in in_image))
        for loaded in keys(Base.loaded_modules)
            loaded in known && continue
            push!(known, loaded)
            brought_by[loaded] = id.name
        end
    end
    return results, brought_by
end

# The precompile file that a module was loaded from; `nothing` where it was compiled in this process.
function cache_file(id, loaded)
    if isdefined(Base, :pkgorigins)
        origin = get(Base.pkgorigins, id, nothing)
        return origin === nothing ? nothing : origin.cachepath
    end
    build = Base.module_build_id(loaded)                # 1.5 keeps no record
    for path in Base.find_all_in_cache_path(id)
        any(made -> made == (id => build), Base.parse_cache_header(path)[1]) && return path
    end
    return nothing
end

# The files that a module's code was made from, as Julia tracks them: what was included, and what `include_dependency`
# names. `included` are those of code that was compiled in this process. What comes with Julia is left out.
function tracked_files(id, loaded, included)
    source = origin(id, loaded).path
    isempty(source) && (source = locate(id))
    startswith(source, Sys.STDLIB) && return String[]
    cache = cache_file(id, loaded)
    cache === nothing && return [path for (other, path) in included if other == id]
    # With the time of each in 1.10 and before.
    return String[entry isa Tuple ? first(entry) : entry for entry in Base.cache_dependencies(cache)[2]]
end

# A package that says `__precompile__(false)` is compiled in the process that loads it, and ends one that writes an image
# (`__precompile__`, base/loading.jl 1.4 to 1.13). Base's function is replaced in this process: the files that call it so.
function record_never_compiled(files)
    Core.eval(Base, quote
        function __precompile__(isprecompilable::Bool = true)
            isprecompilable || push!($files, String(something(source_path(nothing), "")))
            return nothing
        end
    end)
end

function main(request_file, result)
    in_image = Set(keys(Base.loaded_modules))
    request = read_request(request_file)
    tells_modules = get(request, "modules", false) === true
    included = Tuple{Base.PkgId,String}[]
    callback = (into, path) -> push!(included, (Base.PkgId(Base.moduleroot(into)), String(path)))
    never_compiled = Set{String}()
    if tells_modules
        push!(Base.include_callbacks, callback)
        record_never_compiled(never_compiled)
    end
    ids = [package_id(package) for package in rows(request, "packages")]
    started = time_ns()
    failure = ""
    brought_by = Dict{Base.PkgId,String}()
    if get(request, "precompile_only", false) === true
        results, failure = precompile(ids, in_image)
    else
        results, brought_by = load_all(ids, in_image)
    end
    seconds = (time_ns() - started) / 1.0e9
    modules = Any[]
    files = Any[]
    never = String[]
    if tells_modules
        for (id, loaded) in Base.loaded_modules
            push!(modules, module_row(id, loaded, "loaded_with" => get(brought_by, id, "")))
            id in in_image && continue
            locate(id) in never_compiled && push!(never, id.name)
            for path in unique(tracked_files(id, loaded, included))
                push!(files, ["name" => id.name, "path" => path])
            end
        end
    end
    write_result(result, [
        "format" => 1,
        "image_file" => unsafe_string(Base.JLOptions().image_file),
        "seconds" => seconds,
        "error" => failure,
        "packages" => results,
        "modules" => modules,
        "files" => files,
        "never_compiled" => sort(never),
    ])
end

main(abspath(ARGS[1]), abspath(ARGS[2]))

end
