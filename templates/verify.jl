# verify.jl: looks at a finished image from inside.
#
# Julia:   1.4 and later, run as `julia -J IMAGE … verify.jl REQUEST RESULT` with the project's
#          environment.
# ARGS:    REQUEST RESULT
# Reads:   REQUEST: `[[packages]]` name, uuid.
# Writes:  RESULT (TOML): what is in the image, and for each package whether it can be loaded.
# Exit:    0 whatever was found; 1 when REQUEST or RESULT is at fault. An image that cannot start
#          exits as Julia does and writes no RESULT.

module JlprojVerify

# The list of modules comes first: all that follows may load something.
const at_start = collect(Base.loaded_modules)

include(joinpath(@__DIR__, "exchange.jl"))

# 64 bits before Julia 1.9, then 128, of which the upper half is the image's checksum.
function build_id(loaded::Module)
    id = Base.module_build_id(loaded)
    return string(id; base = 16, pad = 2 * sizeof(id))
end

function package_row(id, in_image)
    started = time_ns()
    failure = ""
    same = false
    try
        same = Base.require(id) === Base.root_module(id)
    catch exception
        failure = error_text(exception)
    end
    return ["name" => id.name, "uuid" => uuid_text(id), "ok" => same && isempty(failure),
            "error" => failure, "in_image" => id in in_image,
            "in_main" => isdefined(Main, Symbol(id.name)), "seconds" => (time_ns() - started) / 1.0e9]
end

# "off" is what we want; "on" means that Pkg would hold baked packages back; "none": no such pin in
# this Julia, or Pkg is not in the image.
function pkg_pin(modules)
    for (id, loaded) in modules
        id.name == "Pkg" && isdefined(loaded, :RESPECT_SYSIMAGE_VERSIONS) || continue
        return loaded.RESPECT_SYSIMAGE_VERSIONS[] ? "on" : "off"
    end
    return "none"
end

function main(request_file, result)
    options = Base.JLOptions()
    in_image = Set(first(pair) for pair in at_start)
    modules = [module_row(id, loaded, "path" => origin(id, loaded).path, "build_id" => build_id(loaded))
               for (id, loaded) in at_start]
    in_main = String[string(name) for name in names(Main; all = true, imported = true)]
    request = read_request(request_file)
    write_result(result, [
        "format" => 1,
        "version" => string(VERSION),
        "image_file" => unsafe_string(options.image_file),
        "cpu_target" => options.cpu_target == C_NULL ? "" : unsafe_string(options.cpu_target),
        "pkg_pin" => pkg_pin(at_start),
        "main_names" => in_main,
        "modules" => modules,
        "packages" => [package_row(package_id(package), in_image) for package in rows(request, "packages")],
    ])
end

main(abspath(ARGS[1]), abspath(ARGS[2]))

end
