"""What runs beside a test and not in it: a Ray cluster of two nodes, and an S3 server."""

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

STORE_BYTES = 80_000_000


class TwoNodes:
    """A cluster of a head without processors and two nodes of one. Lost nodes are noticed within seconds.

    Its workers see the environment that it is started in.
    """

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (("period_ms", "500"), ("timeout_ms", "500"), ("failure_threshold", "2")):
                patch.setenv(f"RAY_health_check_{name}", value)
            self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address: str = self._cluster.address
        self._nodes = [self._add() for _ in range(2)]

    def lose_a_node(self) -> None:
        """Kill the processes of a node; another takes its place."""
        self._cluster.remove_node(self._nodes.pop(0), allow_graceful=False)
        self._nodes.append(self._add())

    def shut_down(self) -> None:
        """End all processes."""
        self._cluster.shutdown()

    def _add(self) -> Any:
        return self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)


@contextmanager
def s3_with_a_bucket() -> Iterator[Mapping[str, str]]:
    """Runs an S3 server of the test's own with a bucket named "bucket"; gives the environment that reaches it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    urllib.request.urlopen(urllib.request.Request(f"{address}/bucket", method="PUT"))
    try:
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stop()
