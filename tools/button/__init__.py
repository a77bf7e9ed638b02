"""What tools/set_up.py does, the program of setup.yml: make a repository of a copy of this template."""
