/** Where a dragged row goes. */

export interface Row {
  top: number;
  height: number;
}

/** The place among `rows` that the row `from` takes when its middle is at `y`: it has passed the middles of the others. */
export function gapAt(rows: Row[], from: number, y: number): number {
  const middle = ({ top, height }: Row): number => top + height / 2;
  const before = rows.slice(0, from).filter((row) => middle(row) > y).length;
  const behind = rows.slice(from + 1).filter((row) => middle(row) < y).length;
  return from - before + behind;
}
