"""From keypoint sequences to glosses: features, models, training, evaluation. Knows nothing of videos."""
