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
    kernel, bias = fitted_last_layer(embeddings, labels, np.ones(200, np.float32), glosses)
    assert (kernel.shape, bias.shape, kernel.dtype) == ((9, glosses), (glosses,), np.float32)
    assert ((embeddings @ kernel + bias).argmax(axis=1) == labels).mean() > 0.98


def test_one_gloss_needs_nothing():
    kernel, bias = fitted_last_layer(np.ones((3, 4), np.float32), np.zeros(3, int), np.ones(3, np.float32), 1)
    assert (kernel.shape, bias.shape) == ((4, 1), (1,))


def test_clips_count_by_their_weight():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], [450, 50])
    embeddings = generator.normal(labels[:, None], 1, (500, 1)).astype(np.float32)

    def recall_of_the_rare(weights):
        kernel, bias = fitted_last_layer(embeddings, labels, weights.astype(np.float32), 2)
        return ((embeddings @ kernel + bias).argmax(axis=1) == labels)[labels == 1].mean()

    assert recall_of_the_rare(np.ones(500)) < 0.2
    assert recall_of_the_rare(np.where(labels, 5, 5 / 9)) > 0.5
