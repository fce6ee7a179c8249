from tests.training.fitting.conftest import parts, small_architecture

__all__ = ["parts", "small_architecture"]
