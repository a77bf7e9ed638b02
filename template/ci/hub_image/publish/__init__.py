"""Publish the image that was tested, and say what is in it."""
