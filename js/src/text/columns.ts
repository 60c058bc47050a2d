/** The width that texts for people keep to. */
export const WIDTH = 100;

/** Makes a text one line of at most `width` letters. */
export function fit(text: string, width: number): string {
  const line = text.replace(/[\t\r\n]+/g, ' ').trim();
  const letters = Array.from(line);
  return letters.length <= width ? line : `${letters.slice(0, Math.max(width - 1, 0)).join('')}…`;
}

/** Fills a text up with blanks to `width` letters. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - Array.from(text).length, 0));
}

/** Rows as aligned columns; the last one takes what is left of {@link WIDTH}. */
export function table(rows: string[][]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns - 1 }, (_, i) =>
    Math.max(...rows.map((row) => Array.from(row[i] ?? '').length)),
  );
  const used = widths.reduce((sum, width) => sum + width + 2, 0);
  return rows.map((row) => {
    const cells = row.slice(0, -1).map((cell, i) => `${pad(cell, widths[i] ?? 0)}  `);
    return (cells.join('') + fit(row.at(-1) ?? '', Math.max(WIDTH - used, 20))).trimEnd();
  });
}
