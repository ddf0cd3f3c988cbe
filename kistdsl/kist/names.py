"""Names of methods and presets, for the command line too, which must not wait for torch or pydantic."""

RIVALS = ("l2", "ssim", "ffl", "wfd", "riad")
"""Methods of Tables II and III that learn from normal images alone; their code is in `kistdsl.kist.methods`."""

METHODS = ("kist", *RIVALS)
"""`--method`: KIST, or one of its rivals."""

PRESETS = ("demo", "fast", "paper")
"""`--preset`; what they set is in `kistdsl.kist.presets`."""
