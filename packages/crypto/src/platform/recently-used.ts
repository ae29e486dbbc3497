/** Values that are dear to make, kept by name: at most `countMax`, the one that was asked for longest ago goes first. */
export function recentlyUsed<Value>(countMax: number): (name: string, make: () => Value) => Value {
  const values = new Map<string, Value>() // in the order of use
  return (name, make) => {
    const known = values.get(name)
    const value = known ?? make()
    if (known !== undefined) values.delete(name)
    values.set(name, value)
    if (values.size > countMax) {
      const oldest = values.keys().next()
      if (!oldest.done) values.delete(oldest.value)
    }
    return value
  }
}
