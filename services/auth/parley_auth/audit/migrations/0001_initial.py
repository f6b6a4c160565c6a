from django.db import migrations, models

#: The last word where the service owns its tables; on the embedded engine the table is the superuser's besides.
_REFUSE = """
    CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege'; END $$;
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
    CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
_ALLOW = "DROP FUNCTION audit_refuse_change() CASCADE"


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("act", models.CharField(max_length=32)),
                ("actor", models.CharField(max_length=80)),
                ("subject", models.CharField(default="", max_length=64)),
                ("address", models.CharField(default="", max_length=64)),
                ("details", models.JSONField(default=dict)),
                ("seal", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name": "row of the audit log",
                "verbose_name_plural": "audit log",
                "indexes": [models.Index(fields=["subject", "number"], name="audit_subject")],
            },
        ),
        migrations.RunSQL(_REFUSE, _ALLOW),
    ]
