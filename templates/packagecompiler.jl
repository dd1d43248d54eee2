# packagecompiler.jl: has PackageCompiler make an image.
#
# Julia:   1.4 and later, run as `julia --project=ENVIRONMENT packagecompiler.jl REQUEST RESULT`, where
#          ENVIRONMENT is the private environment that holds PackageCompiler.
# ARGS:    REQUEST RESULT
# Environment: JLPROJ_REQUEST names REQUEST too, for unpin.jl; JULIA_LOAD_PATH and JULIA_NUM_THREADS not set.
# Reads:   REQUEST: project, sysimage_path, statements (files), cpu_target, script, [[packages]].
# Writes:  RESULT (TOML): ok, error, version (of PackageCompiler); the image at sysimage_path.
# Exit:    0, also when PackageCompiler failed (RESULT says so); 1 when REQUEST or RESULT is at fault.
#
# No package is handed over by name: `script` loads them all by name and UUID. That is the one way in which
# all versions bake exactly what is asked for and import nothing into Main. `script` replays the statements
# as well: PackageCompiler would replay them before the packages are loaded, and 1.x runs any line as code.

module JlprojPackageCompiler

include(joinpath(@__DIR__, "exchange.jl"))

const id = Base.PkgId(Base.UUID("9b87118b-4619-50d2-8e1e-99f35a4d4d9d"), "PackageCompiler")

# The keywords that a function takes, over all its methods.
function keywords(callable)
    found = Symbol[]
    for method in methods(callable)
        append!(found, Base.kwarg_decl(method))
    end
    return found
end

# A folder: PackageCompiler refuses the path of a project file from 2.1.5 on.
project_folder(path) = isfile(path) ? dirname(path) : path

function compile(compiler, request)
    options = Dict{Symbol,Any}(
        :sysimage_path => request["sysimage_path"],
        :project => project_folder(request["project"]),
        :cpu_target => request["cpu_target"],
        :script => request["script"],
        :incremental => true,
    )
    # What a version may or may not have.
    known = keywords(compiler.create_sysimage)
    :import_into_main in known && (options[:import_into_main] = false)
    # 1.x takes symbols, 2.x texts; an empty list is of either kind.
    empty_list = :include_transitive_dependencies in known || :sysimage_build_args in known ? String[] : Symbol[]
    compiler.create_sysimage(empty_list; options...)
end

function main(request_file, result)
    request = read_request(request_file)
    ok = true
    failure = ""
    version = ""
    try
        compiler = Base.require(id)
        version = stated_version(dirname(dirname(Base.locate_package(id))))
        Base.invokelatest(compile, compiler, request)
    catch exception
        ok = false
        failure = error_text(exception)
        # The log is to tell it where another builder takes over.
        println(stderr, "ERROR: ", failure)
    end
    write_result(result, ["format" => 1, "ok" => ok, "version" => version, "error" => failure])
end

main(abspath(ARGS[1]), abspath(ARGS[2]))

end
