# install_packagecompiler.jl: makes the private environment that holds PackageCompiler.
#
# Julia:   1.4 and later, run with no project.
# ARGS:    REQUEST RESULT
# Reads:   REQUEST: folder (of the environment), version ("1.4.1", "2"), path (of a checkout, or "").
# Writes:  the environment's Project.toml and Manifest.toml; the first depot, as Pkg does; RESULT (TOML): ok,
#          version, error.
# Exit:    0, also when PackageCompiler cannot be had (RESULT says so); 1 when REQUEST or RESULT is at fault.

module JlprojInstall

include(joinpath(@__DIR__, "exchange.jl"))

const uuid = "9b87118b-4619-50d2-8e1e-99f35a4d4d9d"
const pkg = Base.require(Base.PkgId(Base.UUID("44cfe95a-1eb2-52ea-b672-e2afdf69b78f"), "Pkg"))

# UUIDs of the standard libraries by name, with what they depend on.
function standard_libraries()
    found = Dict{String,Any}()
    for name in readdir(Sys.STDLIB)
        file = joinpath(Sys.STDLIB, name, "Project.toml")
        isfile(file) && (found[name] = parse_toml(read(file, String)))
    end
    return found
end

function closure(names, standard)
    all_names = String[]
    waiting = collect(String, names)
    while !isempty(waiting)
        name = pop!(waiting)
        name in all_names && continue
        push!(all_names, name)
        append!(waiting, keys(get(standard[name], "deps", Dict{String,Any}())))
    end
    return sort(all_names)
end

quoted(text) = sprint(print_string, text)

function print_entry(io, name, deps)
    println(io, "[[", name, "]]")
    isempty(deps) || println(io, "deps = [", join((quoted(dep) for dep in sort(collect(String, deps))), ", "), "]")
end

# Without Pkg, hence without a registry: possible where PackageCompiler needs standard libraries alone
# (1.x). A manifest of format 1 is read by every Julia that takes such a version.
function write_environment(folder, path, project, standard)
    mkpath(folder)
    write(joinpath(folder, "Project.toml"), "[deps]\nPackageCompiler = \"$uuid\"\n")
    deps = keys(get(project, "deps", Dict{String,Any}()))
    open(joinpath(folder, "Manifest.toml"), "w") do io
        print_entry(io, "PackageCompiler", deps)
        println(io, "path = ", quoted(path), "\nuuid = \"", uuid, "\"\nversion = ", quoted(project["version"]))
        for name in closure(deps, standard)
            println(io)
            print_entry(io, name, keys(get(standard[name], "deps", Dict{String,Any}())))
            println(io, "uuid = ", quoted(standard[name]["uuid"]))
        end
    end
end

function from_folder(folder, path)
    file = joinpath(path, "Project.toml")
    isfile(file) || error("`$path` holds no Project.toml")
    project = parse_toml(read(file, String))
    get(project, "uuid", "") == uuid || error("`$path` is not PackageCompiler")
    standard = standard_libraries()
    if VERSION < v"1.6" && all(name -> haskey(standard, name), keys(get(project, "deps", Dict{String,Any}())))
        write_environment(folder, path, project, standard)
    else
        pkg.activate(folder)
        pkg.develop(pkg.PackageSpec(path = path))
    end
    return project["version"]
end

function from_registry(folder, version)
    pkg.activate(folder)
    pkg.add(pkg.PackageSpec(name = "PackageCompiler", uuid = uuid, version = version))
    manifest = parse_toml(read(joinpath(folder, "Manifest.toml"), String))
    return get(manifest, "deps", manifest)["PackageCompiler"][1]["version"]
end

function main(request_file, result)
    request = read_request(request_file)
    version = ""
    failure = ""
    try
        folder = request["folder"]
        rm(folder; recursive = true, force = true)
        path = request["path"]
        version = isempty(path) ? from_registry(folder, request["version"]) : from_folder(folder, path)
        Base.locate_package(Base.PkgId(Base.UUID(uuid), "PackageCompiler"))
    catch exception
        failure = error_text(exception)
    end
    write_result(result, ["format" => 1, "ok" => isempty(failure), "version" => version, "error" => failure])
end

main(abspath(ARGS[1]), abspath(ARGS[2]))

end
