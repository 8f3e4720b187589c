"""`posegloss live`: a page in the browser that recognises signs while they are signed, and the server behind it."""
