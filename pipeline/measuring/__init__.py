"""How well poses are found in pictures in which people marked them: PCK, PCKh and OKS-AP of several systems."""
