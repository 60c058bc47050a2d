// The titles that the plugin derives from names: what equals them is not stored.

const upper = new Set(['id', 'url', 'sms', 'api', 'html', 'css', 'csv', 'ip', 'faq']);

/** `getAppointmentsForContact` -> `Get appointments for contact`, `contactId` -> `Contact ID`. */
export function mechanicalTitle(name) {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
  const shown = words.map((word) =>
    upper.has(word)
      ? word.toUpperCase()
      : word.endsWith('s') && upper.has(word.slice(0, -1))
        ? `${word.slice(0, -1).toUpperCase()}s`
        : word,
  );
  const text = shown.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
