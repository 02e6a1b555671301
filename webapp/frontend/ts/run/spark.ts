/** A sparkline as webapp/pages/templatetags/charts.py draws it: scaled to its own extremes in 120 × 28. Pure. */

const WIDTH = 120;
const HEIGHT = 28;

export function sparkPath(points: [number, number | null][]): string | null {
  const known = points.filter((point): point is [number, number] => point[1] !== null);
  if (known.length < 2) return null;
  const xs = known.map(([x]) => x);
  const ys = known.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.max(...ys)];
  const width = Math.max(...xs) - left || 1;
  const height = top - Math.min(...ys) || 1;
  const place = ([x, y]: [number, number]): string =>
    [((x - left) / width) * WIDTH, 1 + ((top - y) / height) * (HEIGHT - 2)].map((value) => value.toFixed(1)).join(" ");
  return `M${known.map(place).join("L")}`;
}
