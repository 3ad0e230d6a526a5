"""Adaptive TPE: TPE whose knobs are set anew for every trial, by a model trained beforehand.

The idea is Bradley Arsenault's (hyperopt's ``atpe``, 2018); the knobs, the features, the model
and the data it was trained on are minopt's own.
"""
