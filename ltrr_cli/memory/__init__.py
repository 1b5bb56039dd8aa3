"""REMEMBER: which entities answered which queries, as predicted at build time and as observed since."""
