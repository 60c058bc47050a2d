/** Colours for a terminal, or none. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
}

/** Colour on a terminal, unless `NO_COLOR` says otherwise (no-color.org). */
export function paintFor(stream: { isTTY?: boolean }): Paint {
  const wanted = stream.isTTY === true && !process.env['NO_COLOR'];
  const style = (on: number, off: number) => (text: string) => (wanted ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    good: style(32, 39),
    bad: style(31, 39),
    warn: style(33, 39),
  };
}
