"""What became the first version goes from the table of models."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("models", "0003_first_versions")]

    operations = [
        # A way back fills it in again after the column is there.
        migrations.AlterField("model", "step", models.BigIntegerField(default=0)),
        *(migrations.RemoveField("model", name)
          for name in ("run", "dataset", "step", "metrics", "baseline", "card", "bytes")),
    ]  # fmt: skip
