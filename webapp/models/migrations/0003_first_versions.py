"""What is published already becomes the first version of its model, under the model's id: so its folder stays where
it is. Links stay with that version."""

from django.db import migrations

FACTS = ("task", "data", "training", "evaluation", "baselines", "samples", "recipe")
COPIED = ("run_id", "dataset_id", "step", "metrics", "baseline", "bytes", "created_by_id")


def forwards(apps, schema_editor):
    Model, Version, Share = (apps.get_model("models", name) for name in ("Model", "Version", "Share"))
    for model in Model.objects.filter(newest=None).iterator():  # the others were here before, and have gone back
        facts = {name: value for name, value in model.card.items() if name in FACTS}
        words = {name: value for name, value in model.card.items() if name not in FACTS and value != ""}
        copied = {name: getattr(model, name) for name in COPIED}
        version = Version.objects.create(id=model.id, model=model, facts=facts, **copied)
        Version.objects.filter(id=version.id).update(created_at=model.created_at)
        Model.objects.filter(id=model.id).update(newest=version, words=words)
        Share.objects.filter(model=model).update(version=version)


def backwards(apps, schema_editor):
    Model, Version = (apps.get_model("models", name) for name in ("Model", "Version"))
    for version in Version.objects.filter(number=1).select_related("model").iterator():
        copied = {name: getattr(version, name) for name in COPIED}
        card = {"description": "", **version.facts, **version.model.words}
        Model.objects.filter(id=version.model_id).update(card=card, **copied)


class Migration(migrations.Migration):
    dependencies = [("models", "0002_versions")]

    operations = [migrations.RunPython(forwards, backwards)]
