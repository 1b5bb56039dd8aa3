"""Several machines, by Ray Core: shards built and searched side by side. Needs the extra `ltrr[ray]`.

A cluster is an index like any other, whose segments were built in parts, and lie where every machine sees them. Who
answers opens it as always; only what searches a segment (`Strategy.apart`) is done by others, its replicas.
"""
