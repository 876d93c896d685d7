"""EdgeMeter: how fast does this neural network run on that device, and how sure are we?"""

__version__ = "0.1.0.dev0"
