"""Signs spotted in long videos, and what is written of them: for ELAN, as subtitles, as a table, as a video."""
