from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [migrations.AddField("Preference", "until", models.DateTimeField(null=True))]
