# pkg.jl: one command of Pkg's prompt, in the active project.
#
# Julia:   1.4 and later, run with --project.
# ARGS:    the words of the command; one that holds a space or a quote is quoted for Pkg's parser.
# Reads:   what Pkg reads.
# Writes:  what Pkg writes.
# Exit:    0; 1 with Pkg's message when it failed.

module JlprojPkg

const pkg = Base.require(Base.PkgId(Base.UUID("44cfe95a-1eb2-52ea-b672-e2afdf69b78f"), "Pkg"))

# Pkg's parser knows both quotes and no escapes, and takes a line's end for the command's.
function word(text)
    occursin(r"[\r\n]", text) && error("Pkg cannot be given a word with a line break: $(repr(text))")
    occursin(r"[\s\"';]", text) || return text
    occursin('"', text) || return string('"', text, '"')
    occursin('\'', text) || return string('\'', text, '\'')
    error("Pkg cannot be given a word with both kinds of quotes: $text")
end

# Pkg warns that its prompt's language is not meant for scripts; here it is the user who speaks it.
function silence_warning()
    isdefined(pkg.REPLMode, :PRINTED_REPL_WARNING) && (pkg.REPLMode.PRINTED_REPL_WARNING[] = true)
end

function run(words)
    try
        silence_warning()
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
