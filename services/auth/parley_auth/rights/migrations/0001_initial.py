import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import parley_auth.accounts.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReservedName",
            fields=[
                ("name_index", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=parley_auth.accounts.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("progress_percent", models.PositiveSmallIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(db_index=True)),
                ("key_sealed", models.BinaryField()),
                ("size_bytes", models.BigIntegerField(null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Deletion",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="deletion",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("by_operator", models.BooleanField()),
                ("erased_at", models.DateTimeField(null=True)),
                ("position", models.BigIntegerField(null=True, unique=True)),
                ("looks", models.PositiveSmallIntegerField(default=0)),
                ("look_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("erased_at", None)), fields=["due_at"], name="rights_due"),
                    models.Index(
                        condition=models.Q(("verified_at", None)), fields=["look_at"], name="rights_unverified"
                    ),
                ],
            },
        ),
    ]
