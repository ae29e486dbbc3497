/** Order by UTF-16 code unit: the same on every engine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A list without repetition, in code unit order. */
export function sortedSet(texts: Iterable<string>): readonly string[] {
  return [...new Set(texts)].sort(compareText)
}

/** Adds to the list that a map holds under a key. */
export function gather<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const held = lists.get(key)
  if (held) held.push(item)
  else lists.set(key, [item])
}

/** Joins parts into a key in which no part can pass for two: each part is preceded by its length. */
export function keyOf(...parts: readonly string[]): string {
  return listKey(parts)
}

/** The same for a list that a chart may make as long as it likes, which no call takes as arguments. */
export function listKey(parts: readonly string[]): string {
  let key = ''
  for (const part of parts) key += `${part.length}:${part}`
  return key
}
