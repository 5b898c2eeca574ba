"""All scenarios, by the stack of the server."""
import of_openssl  # noqa: F401
import of_gnutls  # noqa: F401
import of_jsse  # noqa: F401
import of_http  # noqa: F401
import of_tcp  # noqa: F401
import of_others  # noqa: F401
from scenario import SCENARIOS  # noqa: F401
