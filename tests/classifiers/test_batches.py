import numpy as np

from posegloss.classifiers.families.batches import pad, trim


def test_padding_is_missing_and_goes_again():
    clips = [np.ones((frames, 2, 2), np.float32) for frames in (1, 9, 5)]
    batch = pad(clips)
    assert batch.shape == (3, 16, 2, 2)
    assert [int((~np.isnan(row[:, 0, 0])).sum()) for row in batch] == [1, 9, 5]
    assert trim(batch[[0, 2]]).shape == (2, 8, 2, 2)
    np.testing.assert_array_equal(trim(batch), batch)
    assert trim(np.full((1, 16, 2, 2), np.nan, np.float32)).shape == (1, 8, 2, 2)
