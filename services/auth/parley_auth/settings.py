"""Django's settings, all of them from `parley_auth.config`; there is no second settings module for tests."""

from __future__ import annotations

from parley_auth.config import read_config
from parley_contracts.auth_api import OPERATORS_PATH
from parley_contracts.limits import (
    AUTH_REQUEST_SIZE_BYTES_MAX,
    EMAIL_LENGTH_MAX,
    MAIL_TIMEOUT_S,
    PASSWORD_LENGTH_MIN,
    USERNAME_LENGTH_MIN,
)
from parley_contracts.problems import Unauthenticated
from parley_serving.django.databases import postgres
from parley_serving.logs import configure_logging

CONFIG = read_config()
configure_logging(CONFIG.log_format)

DEBUG = False
SECRET_KEY = CONFIG.secret("django_secret_key").decode()
ALLOWED_HOSTS = [CONFIG.host, "localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "parley_auth.urls"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None
DATA_UPLOAD_MAX_MEMORY_SIZE = AUTH_REQUEST_SIZE_BYTES_MAX

INSTALLED_APPS = [
    # Before Django's admin, some of whose templates it has its own of.
    "parley_auth.operators",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.messages",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "parley_auth.accounts",
    "parley_auth.invitations",
    "parley_auth.providers",
    "parley_auth.directory",
    "parley_auth.relations",
    "parley_auth.signin",
    "parley_auth.letters",
    "parley_auth.rights",
    "parley_auth.events",
    "parley_auth.audit",
    "parley_auth.telling",
]

MIDDLEWARE = [
    "parley_serving.django.middleware.ProblemMiddleware",
    "parley_auth.audit.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "parley_auth.signin.cookie.RefreshCookieMiddleware",
    "parley_auth.operators.pages.session.OperatorSessionMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES = {"default": postgres(CONFIG.postgres_url, "auth")}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CONFIG.redis_url,
        "KEY_PREFIX": "auth",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# Sessions of Django live only while a sign-in flow is under way; a signed-in person has tokens of `signin` instead.
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
SESSION_COOKIE_AGE = 15 * 60
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"

# The operators' pages, which have a session of their own (`operators.pages.session`).
STATIC_URL = f"{OPERATORS_PATH}static/"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "__Host-parley_operator_csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_HSTS_SECONDS = 365 * 24 * 3600

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    f"parley_auth.accounts.passwords.{'CheapArgon2Hasher' if CONFIG.cheap_passwords else 'BoundedArgon2Hasher'}"
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_LENGTH_MIN},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "parley_auth.accounts.guessable.GuessablePasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "unsaved_email", "display_name")},
    },
]

# Letters to people: by the operator's mail server, or into a folder, so that a first run needs none.
_mail_server = CONFIG.mail_server
EMAIL_TIMEOUT = MAIL_TIMEOUT_S
if _mail_server is None:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(CONFIG.mail_dir)
    DEFAULT_FROM_EMAIL = f"Parley <parley@{CONFIG.host}>"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail_server.host
    EMAIL_PORT = _mail_server.port
    EMAIL_HOST_USER = _mail_server.username
    EMAIL_HOST_PASSWORD = _mail_server.password
    EMAIL_USE_SSL = _mail_server.tls
    EMAIL_USE_TLS = _mail_server.starttls
    DEFAULT_FROM_EMAIL = _mail_server.sender

# Loaded once somebody shows a picture: the S3 client is not small.
STORAGES = {"profiles": {"BACKEND": "parley_auth.profiles.storage.ProfileStorage"}}

# allauth's answer to a flow's session token that is no longer known.
PROBLEMS_BY_STATUS = {410: Unauthenticated}
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
HEADLESS_ADAPTER = "parley_auth.accounts.adapter.HeadlessAdapter"
HEADLESS_TOKEN_STRATEGY = "parley_auth.signin.strategy.TokenStrategy"  # noqa: S105 - a class
ACCOUNT_ADAPTER = "parley_auth.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_MAX_LENGTH = EMAIL_LENGTH_MAX
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USERNAME_MIN_LENGTH = USERNAME_LENGTH_MIN
# Limits are those of `web.rates`, which say when to come back and cannot lock a person out of the own account.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "parley_auth.factors.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
