"""Experiments: a file that says all there is to a training, and a folder that holds all that came of it.

* :mod:`~kohonen.experiments.experiment`: what an experiment is,
* :mod:`~kohonen.experiments.reading`: from a YAML file,
* :mod:`~kohonen.experiments.settings`: flags over environment over file over defaults,
* :mod:`~kohonen.experiments.sources`: where the samples come from,
* :mod:`~kohonen.experiments.folder`: the folder of a run,
* :mod:`~kohonen.experiments.run`: training in it, interrupted or not.

The command ``kohonen`` is made of them; a program may use them as well::

    from kohonen.experiments.folder import RunFolder
    from kohonen.experiments.reading import read_experiment
    from kohonen.experiments.run import carry_on, start

    finished = start(read_experiment("experiment.yaml"), "runs/mine")
"""
