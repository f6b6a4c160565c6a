"""The recovery key, wrapped by a passkey's secret."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0003_recovery_wrap"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecoveryPasskey",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="recovery_passkey",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("credential", models.BinaryField(max_length=1023)),
                ("salt", models.BinaryField(max_length=32)),
                ("wrap", models.BinaryField(max_length=60)),
                ("created_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
