"""What a corpus run consists of: its plan, its workers here or on a cluster, and what it tells of itself."""
