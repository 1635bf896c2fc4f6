"""The compiler of callbacks: a subset of Python as machine code over the structs of `omega.h`.

The source of a method becomes LLVM's code, through llvmlite, with the rules of Python for numbers.
What it does not know it refuses, with the line. What Python would raise at run time ends the run
with the number of the line, and a second, uncompiled run raises it.
"""
