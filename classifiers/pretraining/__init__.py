"""How the default family came by the weights that it starts from: an avatar that performs hundreds of invented signs.

Nothing here is needed to train or to recognise signs. ``python -m posegloss.classifiers.pretraining.learn`` does it
again.
"""
