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
  /** The highest that any line reaches where this label comes to stand when it is moved in. */
  roof?: number;
}

const LINE = 15;

/** The labels moved in from the right edge, then apart from one another, up or down, within top and bottom. */
export function spread(labels: Label[], bounds: { right: number; top: number; bottom: number }): Label[] {
  const placed: Label[] = [];
  const moved = (label: Label): boolean => !label.fixed && label.x > bounds.right - label.width;
  const inOrder = [...labels].sort((a, b) => Number(b.fixed) - Number(a.fixed) || (moved(a) && moved(b) ? b.y - a.y : a.y - b.y));
  for (const label of inOrder) {
    const x = Math.min(label.x, bounds.right - label.width);
    // A label that no longer stands beside its line's end stands above it, and above what else passes there.
    const wished = moved(label) ? Math.min(label.y, label.roof ?? label.y) - 12 : label.y;
    const y = freeHeight(placed, { ...label, x, y: clamp(wished, bounds) }, bounds, moved(label) ? -1 : 1);
    placed.push({ ...label, x, y });
  }
  return placed;
}

function clamp(y: number, bounds: { top: number; bottom: number }): number {
  return Math.min(bounds.bottom, Math.max(bounds.top, y));
}

/** The nearest free height; of two alike the one in direction `first`, up (-1) or down (1). */
function freeHeight(placed: Label[], label: Label, bounds: { top: number; bottom: number }, first: 1 | -1): number {
  const taken = (y: number): boolean =>
    placed.some((other) => Math.abs(other.y - y) < LINE && other.x < label.x + label.width && label.x < other.x + other.width);
  for (let shift = 0; shift < 6 * LINE; shift++) {
    for (const y of [label.y + first * shift, label.y - first * shift]) {
      if (y >= bounds.top && y <= bounds.bottom && !taken(y)) return y;
    }
  }
  return label.y;
}
