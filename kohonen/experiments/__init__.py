"""Experiments: YAML files that describe trainings completely, and folders of their results.

* :mod:`~kohonen.experiments.experiment`: the experiment as a dataclass,
* :mod:`~kohonen.experiments.reading`: reads it from a YAML file,
* :mod:`~kohonen.experiments.settings`: merges flags, environment, file and defaults,
* :mod:`~kohonen.experiments.sources`: loads the samples,
* :mod:`~kohonen.experiments.folder`: the folder of a run,
* :mod:`~kohonen.experiments.run`: trains in the folder, and resumes after an interruption.

The command ``kohonen`` uses them, and so can a program::

    from kohonen.experiments.folder import RunFolder
    from kohonen.experiments.reading import read_experiment
    from kohonen.experiments.run import carry_on, start

    finished = start(read_experiment("experiment.yaml"), "runs/mine")
"""
