"""From video to keypoint sequences: the BlazePose detector-tracker and what it needs. Knows nothing of glosses."""
