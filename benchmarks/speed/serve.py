"""The child's side of `runner.py`: jobs as JSON lines on stdin, answers as JSON lines on stdout.

Runs in the reference's environment, too, so it needs nothing but Python.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

Answer = dict[str, Any]


def serve(jobs: Mapping[str, Callable[..., Answer]]) -> None:
    """Say that everything is imported, then do jobs until stdin ends. What a job raises ends the process."""
    # Libraries that print must not print between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print("{}", file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(jobs[request.pop("job")](**request)), file=answers)
