"""The parts of `python -m benchmarks.extraction`."""
