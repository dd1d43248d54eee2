# unpin.jl: run by PackageCompiler (its `script` keyword) in the process that an image is written from.
#
# Julia:   1.4 and later.
# ARGS:    none. The environment variable JLPROJ_REQUEST names the request of packagecompiler.jl.
# Reads:   REQUEST: [[packages]] name, uuid, tree_hash; statements (files).
# Writes:  nothing.
# Exit:    an error ends the build.
#
# Loads the packages by name and UUID, so that they are baked without being imported into Main (which
# PackageCompiler before 2.1.18 does with those it is given), replays statements and lifts Pkg's pin.

let steps = Module(:JlprojUnpin)
    Base.include(steps, joinpath(@__DIR__, "direct_steps.jl"))
    # Evaluated, not called: from 1.12 on a name made a moment ago cannot be seen from here.
    Core.eval(steps, :(load_requested($(ENV["JLPROJ_REQUEST"]))))
end
