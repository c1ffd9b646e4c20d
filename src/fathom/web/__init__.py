"""The playground's web page: routes, sessions and the live connection; it serves, play trains."""

from fathom.web.files import static_text
from fathom.web.notebook import is_notebook
from fathom.web.opened import playground
from fathom.web.running import Playground, ServerError, is_loopback, serve

__all__ = [
    "Playground",
    "ServerError",
    "is_loopback",
    "is_notebook",
    "playground",
    "serve",
    "static_text",
]
