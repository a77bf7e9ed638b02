"""Test an image as JupyterHub and Binder use it."""
