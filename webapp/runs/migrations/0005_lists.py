"""What lists are narrowed and ordered by has columns of its own, and what is deleted can be brought back for a while."""

import django.db.models.manager
from django.db import migrations, models


def fill(apps, schema):
    run = apps.get_model("runs", "Run")
    for row in run.objects.only("id", "recipe", "filled", "best").iterator(chunk_size=500):
        recipe = row.filled or row.recipe
        run.objects.filter(id=row.id).update(
            task_kind=recipe["task"]["kind"], cell=recipe.get("network", {}).get("cell", ""),
            best_loss=row.best and row.best["loss"],
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("runs", "0004_origins")]

    operations = [
        migrations.AddField("run", "deleted_at", models.DateTimeField(null=True)),
        migrations.AddField("run", "task_kind", models.CharField(default="", editable=False, max_length=30)),
        migrations.AddField("run", "cell", models.CharField(default="", editable=False, max_length=20)),
        migrations.AddField("run", "best_loss", models.FloatField(editable=False, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveIndex("run", "runs_run_team_id_bc6a75_idx"),
        migrations.AddIndex("run", models.Index(fields=["team", "-created_at", "-id"], name="runs_of_a_team")),
        migrations.AddIndex("run", models.Index(fields=["deleted_at"], name="runs_run_deleted_a0c9bb_idx")),
    ]
