# direct_steps.jl: the work of direct.jl and unpin.jl. See there.

# A module made at run time has no `include` of its own.
Base.include(@__MODULE__, joinpath(@__DIR__, "exchange.jl"))

# `packages/Name/SLUG` for the manifest's tree, in the two lengths that Pkg has used.
function expected_slugs(uuid, tree_hash)
    sha = Base.SHA1(tree_hash)
    return (Base.version_slug(uuid, sha), Base.version_slug(uuid, sha, 4))
end

# Where the package would be loaded from; an error where that is not what the manifest names.
function checked_path(id, tree_hash)
    path = Base.locate_package(id)
    path === nothing && error("jlproj: $(id.name) cannot be found")
    if !isempty(tree_hash)
        slug = basename(dirname(dirname(path)))
        slug in expected_slugs(id.uuid, tree_hash) ||
            error("jlproj: $(id.name) would be loaded from $path, not from the manifest's tree $tree_hash")
    end
    return String(path)
end

# What the default image brought. A package that another one loaded a moment ago is checked like the rest.
const default_modules = Set(keys(Base.loaded_modules))

function load(package)
    id = package_id(package)
    tree_hash = package["tree_hash"]
    from_default_image = id in default_modules
    from_default_image && !isempty(tree_hash) &&
        error("jlproj: $(id.name) is part of Julia's default image; the manifest's tree $tree_hash cannot replace it")
    path = from_default_image ? "" : checked_path(id, tree_hash)
    loaded = Base.require(id)
    from = origin(id, loaded)
    return ["name" => id.name, "uuid" => uuid_text(id), "path" => isempty(path) ? from.path : path,
            "version" => from.version]
end

# A line is replayed only if it is one call of `precompile` whose arguments name types: the files are
# data, not programs. Julia writes types with these forms and functions; a line with any other call
# (`precompile(run(...))`) is left out.
const type_heads = (:tuple, :curly, :where, :., :quote, :vect, :braces, :<:, :>:, :parameters)
const type_functions = (:typeof, :getfield, :Symbol, :<:, :>:, :-)

names_types(part) = !(part isa Expr) || part.head in type_heads && all(names_types, part.args) ||
                    part.head === :call && part.args[1] in type_functions && all(names_types, part.args[2:end]) ||
                    part.head === :macrocall && part.args[1] === Symbol("@var_str")

function is_precompile_call(expression)
    return expression isa Expr && expression.head === :call && !isempty(expression.args) &&
           expression.args[1] === :precompile && all(names_types, expression.args[2:end])
end

function parse_statement(line)
    expression = try
        Meta.parse(line; raise = false)
    catch
        nothing
    end
    return is_precompile_call(expression) ? expression : nothing
end

# A module in which all packages have their names, as in the session where the statements were recorded.
function statement_module()
    scratch = Module(:JlprojStatements)
    for (id, loaded) in Base.loaded_modules
        # A name that two packages share stays with the first; Core and Base are there already.
        isdefined(scratch, Symbol(id.name)) || Core.eval(scratch, :(const $(Symbol(id.name)) = $loaded))
    end
    return scratch
end

function replay(files)
    scratch = statement_module()
    done = 0
    failed = 0
    for file in files, line in eachline(file)
        startswith(line, "precompile(") || continue
        expression = parse_statement(line)
        try
            expression === nothing && error("no statement")
            Core.eval(scratch, expression) === true ? (done += 1) : (failed += 1)
        catch
            failed += 1
        end
    end
    return done, failed
end

# From 1.8 on Pkg holds packages that are in an image at the image's version. jlproj never uses an image
# that is not what the project loads, so Pkg is free to update.
function lift_pin()
    for (id, loaded) in Base.loaded_modules
        if id.name == "Pkg" && isdefined(loaded, :RESPECT_SYSIMAGE_VERSIONS)
            loaded.RESPECT_SYSIMAGE_VERSIONS[] = false
        end
    end
end

# `Pkg.precompile("X")` of a project whose packages are all in the image ends with an error: "No direct dependencies outside
# of the sysimage found matching" (`_precompilepkgs`, Pkg's src/precompilation.jl 1.10.8:511, base/precompilation.jl
# 1.12.5:691). There is nothing to be done, as without an image where all is compiled. Methods for names alone, which come
# before those for names and other things, return then: from 1.12 on in Base, which Pkg's prompt calls too.
function accept_baked_names()
    types = (Tuple{Vector{String}}, Tuple{Vector{Base.PkgId}})
    takes_both(callable) = all(type -> hasmethod(callable, type), types) &&
                           which(callable, types[1]) === which(callable, types[2])
    if isdefined(Base, :Precompilation) && takes_both(Base.Precompilation.precompilepkgs)
        Core.eval(Base.Precompilation, quote
            function precompilepkgs(names::Vector{String}; keywords...)
                identities = map(Base.identify_package, names)
                is_baked(identity) = identity !== nothing && Base.in_sysimage(identity)
                !isempty(identities) && all(is_baked, identities) && return nothing
                return invoke(precompilepkgs, Tuple{Union{Vector{String}, Vector{Base.PkgId}}}, names; keywords...)
            end
        end)
        return
    end
    isdefined(Base, :in_sysimage) || return             # 1.6
    for (id, loaded) in Base.loaded_modules
        id.name == "Pkg" && isdefined(loaded, :API) || continue
        hasmethod(loaded.API.precompile, Tuple{Vector{SubString{String}}}) || continue
        Core.eval(loaded.API, quote
            function precompile(names::Vector{String}; keywords...)
                identities = map(Base.identify_package, names)
                is_baked(identity) = identity !== nothing && Base.in_sysimage(identity)
                !isempty(identities) && all(is_baked, identities) && return nothing
                return precompile([PackageSpec(name) for name in names]; keywords...)
            end
            precompile(name::String; keywords...) = precompile([name]; keywords...)
        end)
    end
end

# A start under an image leaves a mark, where `jlproj run` names a file for it: made and locked before the packages are
# initialised, removed after them, with the record of earlier failures. Where a mark is there that nobody holds, a package
# ended Julia before anything of the user's ran. Without Base's means: nothing is to be compiled then.
function define_in_base(definition)
    Sys.iswindows() || Core.eval(Base, Expr(:toplevel, definition))
end

# To be called before packages are loaded: modules are initialised in the order in which they were defined.
leave_mark() = define_in_base(:(module JlprojBegin
    const file = Ref(Cint(-1))
    function __init__()
        ccall(:jl_generating_output, Cint, ()) == 1 && return
        path = ccall(:getenv, Ptr{UInt8}, (Ptr{UInt8},), pointer("JLPROJ_MARK"))
        path == C_NULL && return
        file[] = ccall(:creat, Cint, (Ptr{UInt8}, UInt32), path, 0x00000180)
        exclusive_at_once = Cint(2 | 4)
        file[] < 0 || ccall(:flock, Cint, (Cint, Cint), file[], exclusive_at_once)
        return
    end
end))

# To be called after they are loaded.
remove_mark() = define_in_base(:(module JlprojReady
    import ..JlprojBegin
    function remove(name::Ptr{UInt8})
        path = ccall(:getenv, Ptr{UInt8}, (Ptr{UInt8},), name)
        path == C_NULL && return
        ccall(:unlink, Cint, (Ptr{UInt8},), path)
        ccall(:unsetenv, Cint, (Ptr{UInt8},), name)
        return
    end
    function __init__()
        ccall(:jl_generating_output, Cint, ()) == 1 && return
        remove(pointer("JLPROJ_MARK"))
        remove(pointer("JLPROJ_FAILURES"))
        JlprojBegin.file[] < 0 || ccall(:close, Cint, (Cint,), JlprojBegin.file[])
        return
    end
end))

# What is different in every session that starts from the image.
function prepare_sessions()
    lift_pin()
    accept_baked_names()
    remove_mark()
    # In Base, where their names are known: this function began before they were defined (1.12 warns).
    define_in_base(:(precompile(JlprojBegin.__init__, ())))
    define_in_base(:(precompile(JlprojReady.__init__, ())))
end

# For unpin.jl, where PackageCompiler has set the load path. PackageCompiler replays statements before it
# runs our script, when the packages are not loaded yet: so theirs are replayed here.
function load_requested(request_file)
    request = read_request(request_file)
    leave_mark()
    foreach(load, rows(request, "packages"))
    replay(Vector{String}(get(request, "statements", String[])))
    prepare_sessions()
end

function main(request_file, result)
    Base.init_depot_path()                          # the parser may need its own package to be found
    request = read_request(request_file)
    copy!(LOAD_PATH, Vector{String}(request["load_path"]))
    copy!(DEPOT_PATH, Vector{String}(request["depots"]))
    leave_mark()
    packages = [load(package) for package in rows(request, "packages")]
    done, failed = replay(Vector{String}(get(request, "statements", String[])))
    prepare_sessions()
    write_result(result, [
        "format" => 1,
        "statements" => done,
        "statements_failed" => failed,
        "packages" => packages,
    ])
end
