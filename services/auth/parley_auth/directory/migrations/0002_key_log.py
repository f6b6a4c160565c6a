"""The log of people's keys, which begins with the statements that are there already, in the order in which they came."""

from typing import Any

from django.db import migrations, models

from parley_contracts.ids import UserId
from parley_contracts.key_log import leaf_of
from parley_contracts.merkle import BLOCK_LEAVES, root_of


def add_statements(apps: Any, _editor: Any) -> None:
    leaves, blocks = apps.get_model("directory", "KeyLogLeaf"), apps.get_model("directory", "KeyLogBlock")
    statements = apps.get_model("directory", "Statement").objects.order_by("id")
    block = []
    for position, stored in enumerate(statements.iterator()):
        leaf = leaf_of(UserId(str(stored.user_id)), stored.version, bytes(stored.statement))
        leaves.objects.create(position=position, label=leaf.label, version=leaf.version, digest=leaf.digest)
        block.append(leaf.hash)
        if len(block) == BLOCK_LEAVES:
            blocks.objects.create(number=position // BLOCK_LEAVES, root=root_of(block))
            block.clear()


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="KeyLogLeaf",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("label", models.BinaryField(max_length=32)),
                ("version", models.PositiveIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="KeyLogBlock",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="KeyLogCosignature",
            fields=[
                ("key", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("time", models.BigIntegerField()),
                ("signature", models.BinaryField(max_length=64)),
            ],
        ),
        migrations.RunPython(add_statements, migrations.RunPython.noop),
    ]
