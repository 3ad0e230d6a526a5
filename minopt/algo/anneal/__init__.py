"""Annealing: new points are drawn near good ones, nearer the more has been seen.

Described in the documentation of hyperopt; a variation on random search that trusts the loss
to be smooth.
"""
