/** A model's page, and the page behind a shared link: what it writes or answers, and the dialogs of those who may change it. */
import { all, find } from "../dom";
import { type Forecast, forecast } from "../draw/forecast";
import { openLinksInDialogs } from "../fragments";
import { Answers } from "../model/page";
import { Playground } from "../playground/playground";

openLinksInDialogs();
const form = find<HTMLFormElement>("#playground");
if (form) new Playground(form);
const questions = find<HTMLFormElement>("#predict");
if (questions) new Answers(questions);
for (const place of all("[data-forecast]")) {
  const said = place.querySelector("script[type='application/json']")?.textContent;
  if (said) place.append(forecast(JSON.parse(said) as Forecast, { height: 200 }));
}
