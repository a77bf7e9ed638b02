"""A stand-in for conda, mamba and micromamba, where conda-forge cannot be reached.

It makes real environments (a relocatable CPython of Debian, complete with the libraries that
Python needs, as conda's is) and installs packages of the same names from PyPI. What it keeps of
the real programs:

- which prefix a command changes: ``-p``, ``-n``, then ``$CONDA_PREFIX``, then the root prefix
  that the program itself lies in (micromamba without any of them is an error);
- ``conda-meta/`` with ``history``, ``pinned`` (held to) and one JSON file for each package;
- an environment's Python is never changed: another one asked for is a conflict, and named;
- dependencies are conda's own business (no ``PIP_CONSTRAINT``, which only pip knows), the
  ``pip:`` section is pip's (``PIP_CONSTRAINT`` holds there);
- nothing is swallowed: an unknown sub-command, option, file key or program is an error.

It only ever has the Python that it was built with. Source of the commands that it knows:
repo2docker's ``install-base-env.bash`` and ``activate-conda.sh``, and the recipes of the Jupyter
Docker Stacks, Pangeo and micromamba-docker.
"""
