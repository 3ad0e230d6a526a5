"""The tree-structured Parzen estimator (TPE), with hyperopt's arithmetic.

Bergstra, Bardenet, Bengio and Kégl, "Algorithms for hyper-parameter optimization", NIPS 2011,
section 4: model the parameters of the good trials by a density l and those of the rest by g,
draw candidates from l, and propose the one with the largest l/g.
"""
