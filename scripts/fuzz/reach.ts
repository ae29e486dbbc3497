/** The way to what is fuzzed: by file and name, behind the doors of packages, since bytes come in there too. */
import { innerPrefix } from './instrument.ts'

/** Gives a constant or function of a module that was loaded with its branches counted, whether it gives it out or not. */
export async function reach<Value>(file: string, name: string): Promise<Value> {
  const module = (await import(new URL(`../../${file}`, import.meta.url).href)) as Readonly<Record<string, unknown>>
  const found = module[innerPrefix + name]
  if (found === undefined) throw new Error(`${file} has no ${name}, or was loaded before branches were counted`)
  return found as Value
}
