/** Keeps only the latest of what a set or map holds, in the order in which it came. */
export function keepLatest<Key>(
  kept: { size: number; keys(): Iterable<Key>; delete(key: Key): boolean },
  most: number,
): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(oldest);
  }
}
