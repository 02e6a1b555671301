/** Runs before the first paint, so that a dark page never flashes light. */
import { apply } from "../theme";

apply();
