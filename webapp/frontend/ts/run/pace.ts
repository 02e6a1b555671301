/** Drawing however many events arrive. */

const REDRAW = 250; // ms between two drawings at least

/** What asks for a drawing: soon, once for all that ask meanwhile. */
export function paced(draw: () => void, every = REDRAW): () => void {
  let planned: ReturnType<typeof setTimeout> | undefined;
  return () => {
    planned ??= setTimeout(() => requestAnimationFrame(() => {
      planned = undefined; // here: a page that nobody looks at draws once when somebody does
      draw();
    }), every);
  };
}
