"""What a result stands for: the key of a run, by the content of all that it depends on.

One function computes it, for whatever has to know whether a result is still that of the same call.
"""

from omega.keys.key import Part, differing, key_of, require_version
from omega.keys.tables import data_identity

__all__ = ["Part", "data_identity", "differing", "key_of", "require_version"]
