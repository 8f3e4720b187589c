"""Pictures with marked joints as others publish them: COCO, MPII, Leeds Sports Pose, and a plain CSV."""
