"""The search page: HTML that works by itself, and scripts that make it instant.

Everything is served from here, nothing is inline: the page runs under `default-src 'none'`. What comes from the
catalogue is escaped by the templates and set as text by the scripts.
"""

from ltrr_cli.serve.page.routes import Asker, routes

__all__ = ["Asker", "routes"]
