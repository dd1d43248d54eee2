# exchange.jl: how Julia and jlproj hand data to each other. Included by the other templates.
#
# Julia:   1.4 and later. Needs no package outside the image: it also runs in an --output-o process,
#          where nothing is initialised and every function that gets compiled costs time.
# ARGS:    none.
# Reads:   the TOML file given to `read_request`.
# Writes:  the file given to `write_result`, whole: RESULT.part, then a rename.
# Exit:    does not exit.
#
# Why files: packages print to stdout and stderr as they like, so neither can carry an answer. Why a
# printer of our own: Base has a TOML parser and no printer, and the TOML library may not be in the image.

# The parser is Base's from Julia 1.6 on and Pkg's before (there Pkg is part of the default image).
# Base's is reached through the one instance that Base itself keeps: from 1.11 on a plain `Parser()` is
# defined by the TOML library alone.
function parse_toml(text::String)
    if isdefined(Base, :TOML_CACHE)
        return Base.TOML.parse(Base.TOML.reinit!(Base.TOML_CACHE.p, text))
    end
    id = Base.PkgId(Base.UUID("44cfe95a-1eb2-52ea-b672-e2afdf69b78f"), "Pkg")
    return Base.require(id).TOML.parse(text)
end

read_request(path::String) = parse_toml(read(path, String))

# The rows of an array of tables; none when the request has no such key.
rows(request, key::String) = get(request, key, Any[])

package_id(row) = Base.PkgId(Base.UUID(row["uuid"]::String), row["name"]::String)

function print_string(io::IO, text::AbstractString)
    print(io, '"')
    for character in text
        if !isvalid(character)
            print(io, '\ufffd')                     # TOML is UTF-8; a path or a message need not be
        elseif character == '"' || character == '\\'
            print(io, '\\', character)
        elseif character < ' ' || character == '\x7f'
            print(io, "\\u", string(UInt32(character); base = 16, pad = 4))
        else
            print(io, character)
        end
    end
    print(io, '"')
end

print_value(io::IO, value::AbstractString) = print_string(io, value)
print_value(io::IO, value::Bool) = print(io, value ? "true" : "false")
print_value(io::IO, value::Integer) = print(io, Int64(value))
function print_value(io::IO, value::Float64)
    # Julia writes 1.0e-5, which TOML reads as well; the special values are spelled otherwise.
    print(io, isnan(value) ? "nan" : isinf(value) ? (value > 0 ? "inf" : "-inf") : string(value))
end
function print_value(io::IO, values::Vector{String})
    print(io, '[')
    for (index, value) in enumerate(values)
        index > 1 && print(io, ", ")
        print_string(io, value)
    end
    print(io, ']')
end

# `entries` and each row are vectors of `key => value`, so that the file has the order given here.
# Keys are ours, hence plain words. A value that is a vector of rows becomes an array of tables.
is_table_array(value) = value isa Vector && !(value isa Vector{String})

function print_entries(io::IO, entries)
    for (key, value) in entries
        is_table_array(value) && continue
        print(io, key, " = ")
        print_value(io, value)
        println(io)
    end
end

function write_result(path::String, entries)
    partial = path * ".part"
    open(partial, "w") do io
        print_entries(io, entries)
        for (key, value) in entries
            is_table_array(value) || continue
            for row in value
                println(io, "\n[[", key, "]]")
                print_entries(io, row)
            end
        end
    end
    # `mv(force = true)` removes the old file before it moves the new one; rename replaces it at once.
    Base.Filesystem.rename(partial, path)
    return nothing
end

# What a person sees of an error, short enough to be kept. Printing it may itself fail.
function error_text(exception)
    text = try
        Base.invokelatest(sprint, showerror, exception)
    catch
        string(typeof(exception))
    end
    return String(first_characters(text, 2000))
end

first_characters(text, count) = length(text) > count ? SubString(text, 1, nextind(text, 0, count)) : text

# The package that a loaded module is an extension of; `nothing` where it is none. Julia makes an extension's UUID from its
# parent's and its own name (`base/loading.jl` 1.9.0 to 1.13), also of a standard library's that no manifest names.
function extension_parent(id::Base.PkgId)
    isdefined(Base, :get_extension) && id.uuid !== nothing || return nothing
    for parent in keys(Base.loaded_modules)
        parent.uuid === nothing && continue
        Base.uuid5(parent.uuid, id.name) == id.uuid && return parent
    end
    return nothing
end

# What is told of a loaded module; `entries` are added.
function module_row(id::Base.PkgId, loaded::Module, entries...)
    parent = extension_parent(id)
    return ["name" => id.name, "uuid" => uuid_text(id), "version" => origin(id, loaded).version,
            "parent" => parent === nothing ? "" : uuid_text(parent), entries...]
end

uuid_text(id::Base.PkgId) = id.uuid === nothing ? "" : string(id.uuid)

# The version that a package's own Project.toml states, "" when it cannot be had.
function stated_version(package_folder::AbstractString)
    for name in ("JuliaProject.toml", "Project.toml")
        file = joinpath(package_folder, name)
        isfile(file) || continue
        version = get(parse_toml(read(file, String)), "version", "")
        return version isa String ? version : ""
    end
    return ""
end

# Where a module's code came from and in which version, as far as this Julia records it (the path
# from 1.6, the version from 1.8 on). Earlier Julias work the path out anew from the environment.
function origin(id::Base.PkgId, loaded::Module)
    path = ""
    version = ""
    if isdefined(Base, :pkgorigins)
        record = get(Base.pkgorigins, id, nothing)
        if record !== nothing
            path = record.path === nothing ? "" : String(record.path)
            if hasfield(typeof(record), :version) && record.version !== nothing
                version = string(record.version)
            end
        end
    elseif id.uuid !== nothing
        found = try
            Base.locate_package(id)
        catch
            nothing
        end
        path = found === nothing ? "" : String(found)
    end
    return (path = path, version = version)
end
