"""Django's entry for deliveries."""

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    """Label `deliveries`."""

    name = "parley_notification.deliveries"
    label = "deliveries"
