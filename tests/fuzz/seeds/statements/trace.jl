precompile(Tuple{typeof(Base.sort), Array{Int64, 1}})
#=    3.1 ms =# precompile(Tuple{typeof(Alpha.answer)}) # recompile
precompile(Tuple{Type{NamedTuple{(:a,), T} where T<:Tuple}, "text ) \" ("})
precompile(Tuple{getfield(Main, Symbol("#1"))})
not one
