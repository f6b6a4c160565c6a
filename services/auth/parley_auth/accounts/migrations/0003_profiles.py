from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_letters_codes"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="about",
            field=models.CharField(default="", max_length=280),
        ),
        migrations.AddField(
            model_name="user",
            name="avatar",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.AddField(
            model_name="user",
            name="pronouns",
            field=models.CharField(default="", max_length=32),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(default="", max_length=64),
        ),
    ]
