// JSON as the catalog files have it: what fits stands on one line.

const width = 120;

/** The text of a value that begins after `before` characters of its line and has `after` behind it. */
export function jsonText(value, indent = '', before = 0, after = 0) {
  const flat = oneLine(value);
  if (before + flat.length + after <= width || value === null || typeof value !== 'object') return flat;
  const isList = Array.isArray(value);
  const entries = isList ? value.map((item) => ['', item]) : Object.entries(value);
  if (entries.length === 0) return flat;
  const inner = `${indent}  `;
  const lines = entries.map(([key, item], i) => {
    const start = `${inner}${isList ? '' : `${JSON.stringify(key)}: `}`;
    const comma = i < entries.length - 1 ? 1 : 0;
    return start + jsonText(item, inner, start.length, comma);
  });
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function oneLine(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return entries.length ? `{ ${entries.join(', ')} }` : '{}';
}
