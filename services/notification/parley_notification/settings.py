"""Django's settings, all of them from `parley_notification.config`; there is no second settings module for tests."""

from __future__ import annotations

from parley_contracts.limits import NOTIFICATION_REQUEST_SIZE_BYTES_MAX
from parley_notification.config import read_config
from parley_serving.django.databases import postgres
from parley_serving.logs import configure_logging

CONFIG = read_config()
SCHEMA = "notification"
configure_logging(CONFIG.log_format)

DEBUG = False
SECRET_KEY = CONFIG.secret("django_secret_key").decode()
ALLOWED_HOSTS = [CONFIG.host, "localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "parley_notification.urls"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None
DATA_UPLOAD_MAX_MEMORY_SIZE = NOTIFICATION_REQUEST_SIZE_BYTES_MAX

INSTALLED_APPS = ["parley_notification.subscriptions", "parley_notification.deliveries"]
MIDDLEWARE = [
    "parley_serving.django.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]

# A schema of its own, so that the service may share an operator's database with others.
DATABASES = {"default": postgres(CONFIG.postgres_url, "notification", schema=SCHEMA)}

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_HSTS_SECONDS = 365 * 24 * 3600
