"""Knowledge-informed self-training (KIST): a reconstruction network taught by rules.

`kistdsl.kist.self_training.train` runs Algorithm 1 of the paper into a run folder;
`kistdsl.kist.localization.Localizer` reads one and makes anomaly maps.
"""
