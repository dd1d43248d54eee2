# test.jl: tests packages as Pkg does, under the image that fits the sandbox in which Pkg runs the tests.
#
# Julia:   1.4 and later, run with --project and under the default image: Pkg resolves the sandbox here.
# ARGS:    JLPROJ JULIA COVERAGE COUNT, then COUNT names of packages (none: the project's own), then arguments for
#          the tests. COVERAGE is yes or no.
# Reads:   what Pkg reads. Asks `JLPROJ which` for the image, once the sandbox is there.
# Writes:  what Pkg writes; jlproj.toml in the sandbox that Pkg makes, which is removed with it.
# Exit:    0; 1 with Pkg's message when a test failed.
#
# Pkg makes a project of its own for the tests: the package in its folder, what it depends on, and the extras of its
# test target. Only an image whose packages are all in there, with equal contents, is used: never one that holds the
# package under test, or anything else in development.

module JlprojTest

const pkg = Base.require(Base.PkgId(Base.UUID("44cfe95a-1eb2-52ea-b672-e2afdf69b78f"), "Pkg"))

# The image for the active project, which is the sandbox; "" where there is none. Nothing of other environments may be
# in it, nor what is tested: where that is registered Pkg takes it as the manifest has it, and an image may hold it.
function image(jlproj, julia, packages)
    project = dirname(Base.active_project())
    names = join(map(repr, packages), ", ")
    write(joinpath(project, "jlproj.toml"), "stacked = false\nexclude = [$names]\n")
    surroundings = Dict(name => value for (name, value) in ENV if !(name in ("JULIA_LOAD_PATH", "JULIA_PROJECT")))
    command = setenv(`$jlproj which --julia $julia -- $project`, surroundings)
    return chomp(read(pipeline(ignorestatus(command); stderr = devnull), String))
end

# The vector is the one that Pkg's command is made from, after the function was called (`Operations.test`, Pkg 1.4 to
# 1.12): the last --sysimage counts.
function choose_image(options, jlproj, julia, packages)
    filter!(option -> !startswith(option, "--sysimage="), options)
    path = image(jlproj, julia, packages)
    if !isempty(path)
        push!(options, "--sysimage=$path")
        # Pkg would compile ahead what it does not find in the image that it runs under itself, and that fails under the
        # one of the tests ("Replacing module", Pkg 1.11 and later). What is in none is compiled when it is loaded.
        ENV["JULIA_PKG_PRECOMPILE_AUTO"] = "0"
    end
    println(stderr, "jlproj: ", isempty(path) ? "no image fits these tests" : "tests run under image $path")
end

function test(jlproj, julia, coverage, packages, arguments)
    options = String[]
    keywords = (coverage = coverage, julia_args = options, test_args = arguments,
                test_fn = () -> choose_image(options, jlproj, julia, packages))
    try
        isempty(packages) ? pkg.test(; keywords...) : pkg.test(packages; keywords...)
        return 0
    catch exception
        print(stderr, "ERROR: ")
        showerror(stderr, exception)
        println(stderr)
        return 1
    end
end

function main(jlproj, julia, coverage, count, rest...)
    number = parse(Int, count)
    rest = collect(String, rest)
    return test(jlproj, julia, coverage == "yes", rest[1:number], rest[(number + 1):end])
end

const code = Base.invokelatest(main, ARGS...)

end

exit(JlprojTest.code)
