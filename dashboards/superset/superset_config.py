"""Superset for scripts/dashboards: on loopback, its metadata in SQLite, the secrets from the environment."""
import os

from flask import jsonify, request

HOME = os.environ["SUPERSET_HOME"]
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db?check_same_thread=false"
WTF_CSRF_ENABLED = True
# The browser speaks to loopback without TLS; behind a proxy set this to True.
SESSION_COOKIE_SECURE = False
SESSION_COOKIE_SAMESITE = "Lax"
# The browser is told to fetch nothing from elsewhere: no map tiles, no fonts, nor the pixel by which Superset counts its users
# (its console notes that the pixel was refused).
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"], "default-src": ["'self'"], "img-src": ["'self'", "blob:", "data:"], "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"], "object-src": "'none'", "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
# Datasets of months and weeks read the days of a filter by date (scripts/superset-bundle). Only the administrator can edit datasets here.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True}
# What an empty chart says. Superset takes other words from a language pack alone, and has none for this locale: here is one.
LOCALE = "en_GB"
WORDS = {
    "No results were returned for this query": ["Nothing to show: nothing within the filters, or no data yet. The foot of the page names the feeds to load"],
    "No data": ["No data yet"],
}


def COMMON_BOOTSTRAP_OVERRIDES_FUNC(_):
    return {"locale": LOCALE}


def FLASK_APP_MUTATOR(app):
    @app.before_request
    def language_pack():
        if request.path != f"/superset/language_pack/{LOCALE}/":
            return None
        head = {"domain": "superset", "lang": LOCALE, "plural_forms": "nplurals=2; plural=(n != 1);"}
        return jsonify({"domain": "superset", "locale_data": {"superset": {"": head, **WORDS}}})


# Figures and filters of a dashboard are read once in this many seconds, however many look at it. A board that
# refreshes itself reads anew each time.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": f"{HOME}/cache", "CACHE_DEFAULT_TIMEOUT": int(os.environ.get("SUPERSET_CACHE_SECONDS", "60")), "CACHE_THRESHOLD": 1000}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": f"{HOME}/filters", "CACHE_DEFAULT_TIMEOUT": 86400}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": f"{HOME}/explore", "CACHE_DEFAULT_TIMEOUT": 86400}
RATELIMIT_STORAGE_URI = "memory://"
# Lakh and crore: 1,23,45,678.
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3, 2, 2, 2, 2, 2, 2], "currency": ["₹", ""]}
# Tells apart for the colour-blind too (Okabe and Ito).
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {"id": "starhouse", "description": "Colour-blind-safe", "label": "starhouse", "isDefault": True,
     "colors": ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F", "#F0E442", "#332288", "#882255"]}
]
