"""How ``LearnedBoundaries`` came by its weights: an avatar that signs and does other things, and what learns from it.

Nothing here is needed to recognise signs. ``python -m posegloss.classifiers.streaming.learning.learn`` does it again.
"""
