# direct.jl: makes this process the session that an image is written from.
#
# Julia:   1.4 and later, run as `julia --sysimage=DEFAULT --cpu-target=TARGET --output-o=ARCHIVE direct.jl`
#          (from 1.9 on with --pkgimages=no --threads=1).
# ARGS:    none. The environment names the files: JLPROJ_REQUEST and JLPROJ_RESULT.
# Reads:   REQUEST: load_path, depots, statements (files), [[packages]] name, uuid, tree_hash ("" for a
#          standard library).
# Writes:  RESULT (TOML), before the state of the session is cleared; after the end of the script Julia
#          itself writes ARCHIVE.
# Exit:    0; 1 when a package does not load, or is not the one that the manifest names.
#
# Nothing was initialised when this starts (Base.__init__ does not run in such a process), so the order of
# the first steps matters: see `base/initdefs.jl` and `base/client.jl` of Julia.

Base.reinit_stdio()                                 # before it, printing ends in a segmentation fault
@eval Sys BINDIR = ccall(:jl_get_julia_bindir, Any, ())::String
@eval Sys STDLIB = joinpath(dirname(BINDIR), "share", "julia", "stdlib", string("v", VERSION.major, ".", VERSION.minor))

# The work is done in a module that nothing refers to afterwards: nothing of ours stays in the image.
let steps = Module(:JlprojDirect)
    Base.include(steps, joinpath(@__DIR__, "direct_steps.jl"))
    # Evaluated, not called: from 1.12 on a name made a moment ago cannot be seen from here.
    Core.eval(steps, :(main($(ENV["JLPROJ_REQUEST"]), $(ENV["JLPROJ_RESULT"]))))
end

empty!(LOAD_PATH)
empty!(DEPOT_PATH)
empty!(Core.ARGS)
empty!(Base.ARGS)
if isdefined(Base, :TOML_CACHE)
    # What was read of projects and manifests while building is not what they hold at a later start.
    empty!(Base.TOML_CACHE.d)
    Base.TOML.reinit!(Base.TOML_CACHE.p, "")
end
@eval Sys BINDIR = ""
@eval Sys STDLIB = ""
