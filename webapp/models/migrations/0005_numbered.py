"""The number of a version that is deleted is not given again: a model knows how many it has given."""

from django.db import migrations, models


def forwards(apps, schema_editor):
    Model = apps.get_model("models", "Model")
    # What was published last is the newest: until now, no version was deleted alone.
    for model in Model.objects.exclude(newest=None).select_related("newest").iterator():
        Model.objects.filter(id=model.id).update(numbered=model.newest.number)


class Migration(migrations.Migration):
    dependencies = [("models", "0004_only_versions")]

    operations = [
        migrations.AddField("model", "numbered", models.PositiveIntegerField(default=0)),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
