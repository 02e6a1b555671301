/** A team's page: what asks before it is done asks in a dialog. */
import { openLinksInDialogs } from "../fragments";

openLinksInDialogs();
