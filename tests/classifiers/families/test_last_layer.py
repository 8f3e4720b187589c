import numpy as np
import pytest

from posegloss.classifiers.families.last_layer import fitted_last_layer


@pytest.mark.parametrize("glosses", [2, 5])
def test_it_tells_apart_what_lies_apart(glosses):
    generator = np.random.default_rng(0)
    labels = np.arange(200) % glosses
    # Channels of very different sizes, and one that never changes.
    means = generator.normal(0, 3, (glosses, 8)) * np.geomspace(0.01, 100, 8)
    embeddings = means[labels] + generator.normal(0, 1, (200, 8)) * np.geomspace(0.01, 100, 8)
    embeddings = np.concatenate([embeddings, np.ones((200, 1))], axis=1).astype(np.float32)
    kernel, bias = fitted_last_layer(embeddings, labels, glosses)
    assert (kernel.shape, bias.shape, kernel.dtype) == ((9, glosses), (glosses,), np.float32)
    assert ((embeddings @ kernel + bias).argmax(axis=1) == labels).mean() > 0.98


def test_one_gloss_needs_nothing():
    kernel, bias = fitted_last_layer(np.ones((3, 4), np.float32), np.zeros(3, int), 1)
    assert (kernel.shape, bias.shape) == ((4, 1), (1,))
