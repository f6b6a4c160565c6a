from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget_seeds(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """Codes that came from a seed were too short to be hashed: their people make new ones."""
    apps.get_model("mfa", "Authenticator").objects.filter(type="recovery_codes", data__has_key="seed").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_profiles"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(forget_seeds, migrations.RunPython.noop)]
