"""Recognition of a stream: frames in, signs out, from a webcam, a socket or a long video alike."""
