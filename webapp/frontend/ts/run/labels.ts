/** Where labels go so that none covers another and none leaves the chart. Pure. */

export interface Label {
  text: string;
  /** A design token. */
  color: string;
  weight: number;
  width: number;
  /** Left edge and middle; x Infinity means as far right as it fits. */
  x: number;
  y: number;
  /** Stays where it is; the others make way. */
  fixed: boolean;
}

const LINE = 15;

/** The labels moved in from the right edge, then apart from one another, up or down, within top and bottom. */
export function spread(labels: Label[], bounds: { right: number; top: number; bottom: number }): Label[] {
  const placed: Label[] = [];
  const inOrder = [...labels].sort((a, b) => Number(b.fixed) - Number(a.fixed) || a.y - b.y);
  for (const label of inOrder) {
    const room = bounds.right - label.width;
    const squeezed = label.x > room;
    const x = Math.min(label.x, room);
    // A label that no longer stands beside its line's end stands above it.
    const wished = squeezed && !label.fixed ? label.y - 12 : label.y;
    const y = freeHeight(placed, { ...label, x, y: clamp(wished, bounds) }, bounds);
    placed.push({ ...label, x, y });
  }
  return placed;
}

function clamp(y: number, bounds: { top: number; bottom: number }): number {
  return Math.min(bounds.bottom, Math.max(bounds.top, y));
}

function freeHeight(placed: Label[], label: Label, bounds: { top: number; bottom: number }): number {
  const taken = (y: number): boolean =>
    placed.some((other) => Math.abs(other.y - y) < LINE && other.x < label.x + label.width && label.x < other.x + other.width);
  for (let shift = 0; shift < 6 * LINE; shift++) {
    for (const y of [label.y + shift, label.y - shift]) {
      if (y >= bounds.top && y <= bounds.bottom && !taken(y)) return y;
    }
  }
  return label.y;
}
