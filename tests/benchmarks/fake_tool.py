"""A tool for the benchmark's runner that reads nothing and answers at once."""

import os

from benchmarks.speed.serve import Answer, serve


def run(paths: list[str], per_s: float, fail_after: int = 10**9) -> Answer:
    global calls
    calls += 1
    if calls > fail_after:
        raise RuntimeError("tired of it")
    os.write(1, b"a library that chats on stdout\n")
    frames = 10 * len(paths)
    return {"frames": frames, "people": frames, "seconds": frames / per_s, "cpu_s": 0.01 * frames, "peak_mb": 50.0}


calls = 0

if __name__ == "__main__":
    serve({"run": run})
