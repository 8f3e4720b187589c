"""Trained classifiers as LiteRT files that take raw keypoints, for places without Python or TensorFlow."""
