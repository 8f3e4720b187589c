"""The connection to a Ray cluster. Only this module imports Ray, and only when it is used."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from posegloss.pipeline.errors import ClusterError

_KNOCK_S: Final = 10.0
_OBJECT_STORE_BYTES: Final = 100 << 20
"""For a cluster that is started here: keypoints never pass through it."""


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[Any]:
    """Ray, connected to a cluster; one that is connected already stays so.

    Args:
        address: "auto", "ray://host:10001" or "host:6379"; unless given, one is started on this machine, and ended.
        workers: processors of the cluster that is started.

    Raises:
        ClusterError: Ray is not installed, or the cluster cannot be reached or started.
    """
    # Ray tells of lost machines in pages of its own logs, on the standard output; it reads this when it is imported.
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise ClusterError('Ray is not installed; pip install "posegloss[ray]"') from error
    if ray.is_initialized():
        yield ray
        return
    own = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    if address:
        own = {}
        _knock(address)
    try:
        ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise _unreachable(address, error) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Ray itself tries for minutes to reach a head that is not there."""
    host, colon, port = address.removeprefix("ray://").partition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), _KNOCK_S).close()
    except OSError as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str | None, error: Exception) -> ClusterError:
    return ClusterError(
        f"the Ray cluster {address or 'of this machine'} cannot be reached or started: {first_line(error)}; "
        "start one with `ray start --head`, and name it with --ray-address"
    )


def first_line(error: Exception) -> str:
    """What an error of Ray's says, without its pages of explanation."""
    return next(iter(str(error).splitlines()), type(error).__name__)
