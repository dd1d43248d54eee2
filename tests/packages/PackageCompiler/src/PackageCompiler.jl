# A stand-in for tests: PackageCompiler's name and the keywords of its version 1.4.1, nothing of its code.
# It "builds" by copying a real image that was made before, and fails in the ways that tests ask for:
#
# JLPROJ_STANDIN_IMAGE    the image to copy
# JLPROJ_STANDIN_LOG      a file for what it was called with
# JLPROJ_STANDIN_FAIL     a text to fail with
# JLPROJ_STANDIN_SLEEP    seconds that a child process works before the image is there
# JLPROJ_STANDIN_LLVM     a child process in which LLVM cannot generate code, and the error that follows
# JLPROJ_STANDIN_SIGNAL9  a child process that dies of signal 9, and the error that follows
module PackageCompiler

using Libdl
import Pkg

# Pkg refuses a manifest in which a dependency has no entry, and PackageCompiler asks Pkg first of all.
function check_manifest(path)
    entries = Pkg.TOML.parsefile(path)
    haskey(entries, "manifest_format") && (entries = entries["deps"])
    for (name, list) in entries, entry in list, dependency in get(entry, "deps", String[])
        haskey(entries, dependency) ||
            error("`$name` depends on `$dependency`, but no such entry exists in the manifest.")
    end
end

function create_sysimage(packages::Union{Symbol, Vector{Symbol}} = Symbol[];
                         sysimage_path::Union{String, Nothing} = nothing,
                         project::String = dirname(Base.active_project()),
                         precompile_execution_file::Union{String, Vector{String}} = String[],
                         precompile_statements_file::Union{String, Vector{String}} = String[],
                         incremental::Bool = true, filter_stdlibs::Bool = false,
                         replace_default::Bool = false, cpu_target::String = "native",
                         script::Union{Nothing, String} = nothing,
                         base_sysimage::Union{Nothing, String} = nothing, isapp::Bool = false,
                         julia_init_c_file = nothing, version = nothing, compat_level::String = "major",
                         soname = nothing)
    isfile(joinpath(project, "Project.toml")) || error("could not find project at \"$project\"")
    check_manifest(joinpath(project, "Manifest.toml"))
    all(isfile, precompile_statements_file) || error("a file of statements does not exist")
    script === nothing || isfile(script) || error("the script does not exist")
    if haskey(ENV, "JLPROJ_STANDIN_LOG")
        open(ENV["JLPROJ_STANDIN_LOG"], "a") do io
            println(io, "packages ", packages)
            println(io, "project ", read(joinpath(project, "Project.toml"), String))
            println(io, "cpu_target ", cpu_target)
            println(io, "statements ", length(precompile_statements_file))
            println(io, "incremental ", incremental)
            println(io, "image threads ", get(ENV, "JULIA_IMAGE_THREADS", "none"))
            println(io, "slurm job ", get(ENV, "SLURM_JOB_ID", "none"))
        end
    end
    @info "PackageCompiler: creating system image object file, this might take a while..."
    if haskey(ENV, "JLPROJ_STANDIN_SLEEP")
        run(`sleep $(ENV["JLPROJ_STANDIN_SLEEP"])`)
    end
    if haskey(ENV, "JLPROJ_STANDIN_LLVM")
        println(stderr, "LLVM ERROR: Cannot select: 0x55: v4i64 = X86ISD::VBROADCAST 0x66\nIn function: julia__sum_4321")
        run(`sh -c 'kill -6 $$'`)
    end
    if haskey(ENV, "JLPROJ_STANDIN_SIGNAL9")
        run(`sh -c 'kill -9 $$'`)
    end
    haskey(ENV, "JLPROJ_STANDIN_FAIL") && error(ENV["JLPROJ_STANDIN_FAIL"])
    cp(ENV["JLPROJ_STANDIN_IMAGE"], sysimage_path; force = true)
    return nothing
end

end
