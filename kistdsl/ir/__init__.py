"""The compiler's middle: from a checked program to a short list of arithmetic steps.

`kistdsl.ir.lower.lower` writes the list down, the passes shorten it without changing a bit of what it
computes, and the backends turn it into kernels. `kistdsl.ir.reference` is the meaning it must keep.
"""
