# pkg.jl: one command of Pkg's prompt, in the active project.
#
# Julia:   1.4 and later, run with --project.
# ARGS:    the words of the command; one that holds a space or a quote is quoted for Pkg's parser.
# Reads:   what Pkg reads.
# Writes:  what Pkg writes.
# Exit:    0; 1 with Pkg's message when it failed.

module JlprojPkg

const pkg = Base.require(Base.PkgId(Base.UUID("44cfe95a-1eb2-52ea-b672-e2afdf69b78f"), "Pkg"))

function word(text)
    occursin(r"[\s\"';]", text) || return text
    occursin('"', text) || return string('"', text, '"')
    return string('\'', text, '\'')
end

function run(words)
    try
        pkg.REPLMode.pkgstr(join(map(word, words), " "))
        return 0
    catch exception
        print(stderr, "ERROR: ")
        showerror(stderr, exception)
        println(stderr)
        return 1
    end
end

const code = Base.invokelatest(run, ARGS)

end

exit(JlprojPkg.code)
