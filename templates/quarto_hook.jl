# @SEAL@
#
# Has a worker of Quarto's be started with the image of its project: this process becomes the wrapper beside this file,
# with the arguments that it has itself. Loaded (`--load`) before anything else; written by `jlproj setup quarto`.
#
# Julia:   1.4 and later
# ARGS:    not looked at
# Reads:   JLPROJ_DISABLE; the process's own command line
# Writes:  nothing
# Exit:    does not; where it cannot become the wrapper, this Julia goes on as if it had not been loaded
let wrapper = joinpath(@__DIR__, "julia")
    command_line = try
        if Sys.islinux()
            split(String(read("/proc/self/cmdline")), '\0'; keepempty = true)[1:end-1]
        elseif Sys.isapple()
            count = unsafe_load(ccall(:_NSGetArgc, Ptr{Cint}, ()))
            words = unsafe_load(ccall(:_NSGetArgv, Ptr{Ptr{Cstring}}, ()))
            [unsafe_string(unsafe_load(words, index)) for index in 1:count]
        else
            String[]
        end
    catch
        String[]
    end
    # Loading it again would have no end.
    arguments = filter(word -> word != "--load=" * (@__FILE__), String.(command_line[2:end]))
    if get(ENV, "JLPROJ_DISABLE", "0") in ("", "0") && isfile(wrapper) && length(arguments) < length(command_line) - 1
        # Julia blocks signals that it waits for; what it becomes would inherit that.
        signals = zeros(UInt8, 128)
        ccall(:sigemptyset, Cint, (Ptr{UInt8},), signals)
        ccall(:pthread_sigmask, Cint, (Cint, Ptr{UInt8}, Ptr{UInt8}), Sys.isapple() ? 3 : 2, signals, C_NULL)
        ccall(:execv, Cint, (Cstring, Ptr{Ptr{UInt8}}), wrapper, [wrapper; arguments])
    end
end
