/** A model's page, and the page behind a shared link: the playground, and the dialogs of those who may change it. */
import { find } from "../dom";
import { openLinksInDialogs } from "../fragments";
import { Playground } from "../playground/playground";

openLinksInDialogs();
const form = find<HTMLFormElement>("#playground");
if (form) new Playground(form);
