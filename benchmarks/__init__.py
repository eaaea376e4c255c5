"""Derivatives timed side by side: adcompile, the best derivative written by hand, and the peers."""
