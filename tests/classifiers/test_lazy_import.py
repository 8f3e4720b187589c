import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "code",
    [
        "import posegloss.classifiers.training, posegloss.classifiers.predict, posegloss.classifiers.evaluating.report",
        "from posegloss.classifiers.base import classifier_family; classifier_family('extra-trees')",
    ],
)
def test_tensorflow_is_imported_only_by_families_that_need_it(code):
    check = f"{code}; import sys; assert not {{'tensorflow', 'keras'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
