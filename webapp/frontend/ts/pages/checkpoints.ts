/** A run's checkpoints: what is asked about one of them opens over the list. */
import { openLinksInDialogs } from "../fragments";

openLinksInDialogs();
