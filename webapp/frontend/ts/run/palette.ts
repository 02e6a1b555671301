/** The design tokens as a canvas needs them: values, read from the page once a theme. */

export interface Palette {
  font: string;
  get: (token: string) => string;
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const known = new Map<string, string>();
  return {
    font: getComputedStyle(document.body).fontFamily,
    get: (token) => {
      if (!known.has(token)) known.set(token, style.getPropertyValue(`--${token}`).trim());
      return known.get(token) as string;
    },
  };
}
