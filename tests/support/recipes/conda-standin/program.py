#!/opt/stand-in/python/bin/python3
"""A stand-in for conda, mamba and micromamba: installed under those three names.

It is one file, as repo2docker downloads micromamba; all that it does lies in the package
conda_standin, which each image that it runs in has in /opt/stand-in.
"""

import sys

sys.path[:0] = ["/opt/stand-in", "/opt/stand-in/site"]

from conda_standin.commands import main

main()
