"""Where ports meet adapters. Nothing else knows both."""

from neuroroute.container.container import Container

__all__ = ["Container"]
