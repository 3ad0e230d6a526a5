"""Measurements of minopt: speed, quality of search, and the problems they are made on."""
