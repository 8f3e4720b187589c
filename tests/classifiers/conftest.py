import pytest

from .made_up import TINY, make_clips


@pytest.fixture(scope="session")
def clips():
    return make_clips()


@pytest.fixture(scope="session")
def trained(clips, tmp_path_factory):
    """A tiny Keras model that was trained and written, and the result of its training."""
    from posegloss.classifiers.training import train

    return train(clips, tmp_path_factory.mktemp("trained") / "model", config=TINY, seed=1)


@pytest.fixture(scope="session")
def trees(clips, tmp_path_factory):
    """The same with the scikit-learn baseline."""
    from posegloss.classifiers.training import train

    return train(clips, tmp_path_factory.mktemp("trees") / "model", family="extra-trees", seed=1)
