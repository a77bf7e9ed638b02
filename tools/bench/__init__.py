"""What this template costs, beside the least that would do the same: `nox -s bench`.

Each row of its table is a ratio of two things measured in one run on one machine, in turn, so that it holds
where the machine is another or has other work. Each group of rows is a module.
"""
