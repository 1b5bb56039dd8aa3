"""The names under which catalogues keep ids, titles, texts, types, popularity and creators; best first."""

from __future__ import annotations

import re

ID = (
    "id", "_id", "entity_id", "item_id", "product_id", "doc_id", "docid", "docno", "document_id", "article_id",
    "movie_id", "track_id", "song_id", "book_id", "video_id", "sku", "asin", "tconst", "nconst", "imdb_id", "gtin",
    "ean", "upc", "isbn13", "isbn", "uuid", "guid", "uid", "identifier", "key", "slug", "handle", "permalink",
)  # fmt: skip
ADDRESS = ("url", "uri", "link", "permalink", "href")

TITLE = (
    "title", "name", "product_title", "product_name", "primary_title", "item_name", "item_title", "display_name",
    "full_name", "headline", "heading", "track_name", "song_name", "movie_title", "book_title", "original_title",
    "entity_name", "label", "subject", "question",
)  # fmt: skip
TITLE_SUFFIXES = ("_title", "_name")

TEXT = (
    "text", "description", "overview", "summary", "abstract", "body", "plot", "content", "contents", "synopsis",
    "passage", "long_description", "short_description", "product_description", "desc", "article", "story", "details",
    "about", "bio", "biography", "lyrics", "transcript", "snippet", "bullet_points", "product_bullet_point",
    "features", "blurb", "excerpt", "body_html", "description_html", "html_description", "body_text",
    "instructions", "recipe_instructions", "directions",
)  # fmt: skip

TYPE = (
    "type", "entity_type", "kind", "item_type", "doc_type", "document_type", "object_type", "media_type",
    "title_type", "product_type", "content_type", "entity_kind",
)  # fmt: skip
WEAK_TYPE = ("category", "class", "group", "section", "department")

POPULARITY = (
    "popularity", "plays", "play_count", "playcount", "streams", "views", "view_count", "page_views", "listeners",
    "rating_count", "ratings_count", "num_ratings", "rating_number", "vote_count", "votes", "num_votes",
    "review_count", "reviews_count", "num_reviews", "number_of_reviews", "downloads", "sales", "sold", "units_sold",
    "purchases", "clicks", "likes", "favorites", "followers", "subscribers", "subscriber_count", "citations",
    "citation_count", "stars", "hits", "score",
)  # fmt: skip

PRICE = (
    "price", "prices", "list_price", "sale_price", "regular_price", "unit_price", "original_price", "current_price",
    "retail_price", "min_price", "max_price", "cost", "msrp", "rrp", "amount", "fee",
)  # fmt: skip

CREATOR = (
    "creator", "creators", "artist", "artists", "artist_name", "album_artist", "director", "directors", "author",
    "authors", "author_name", "brand", "brand_name", "product_brand", "channel", "channel_name", "channel_title",
    "host", "hosts", "composer", "writer", "writers", "developer", "designer", "maker", "manufacturer",
    "photographer", "studio", "label", "publisher", "vendor", "seller", "company", "owner",
)  # fmt: skip

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"\W+")


def normal(name: str) -> str:
    """Return a field's name as the tables write it: `primaryTitle`, `Primary Title` → `primary_title`."""
    return _OTHER.sub("_", _HUMP.sub("_", name.strip())).lower()


def is_reference(name: str) -> bool:
    """Tell whether a field names other entities by id (`album_id`, `relatedIds`): a number there is no quantity."""
    return normal(name).endswith(("_id", "_ids"))


def is_identifier(name: str) -> bool:
    """Tell whether a field may hold ids, so that its cells must be kept as they are written."""
    plain = normal(name)
    return plain in ID or plain.endswith(("id", "_ids", "_key", "_code", "_no"))


def is_price(name: str) -> bool:
    """Tell whether a field holds prices by its name, or by the last part of it."""
    return _is_one_of(name, PRICE)


def is_count(name: str) -> bool:
    """Tell whether a field, by its name or the last part of it, counts how much something is wanted."""
    return _is_one_of(name, POPULARITY)


def _is_one_of(name: str, table: tuple[str, ...]) -> bool:
    return normal(name) in table or normal(name.rpartition(".")[2]) in table


def is_prose(name: str) -> bool:
    """Tell whether a field is a title or a text by its name, so that it is never cut into a list."""
    plain = normal(name)
    return plain in TITLE or plain in TEXT or plain.endswith(TITLE_SUFFIXES)
