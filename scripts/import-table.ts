/** STYLE.md, "Who may import whom", as data: arrows point down only. */

const belowSimulator = [
  'codec',
  'crypto',
  'kernel',
  'vault',
  'assembly',
  'epcis',
  'contracts',
  'store',
  'engine',
  'peers',
  'policy',
  'fhir',
  'exchange',
  'sdk',
  'books',
] as const

/** For each package or app, by its short name, what it may import. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  crypto: ['codec'],
  kernel: ['codec', 'crypto'],
  vault: ['crypto', 'codec'],
  assembly: ['codec'],
  epcis: ['codec', 'crypto'],
  contracts: ['kernel', 'codec'],
  store: ['kernel', 'codec'],
  engine: ['kernel', 'crypto', 'codec'],
  peers: ['crypto', 'codec'],
  policy: ['contracts', 'kernel', 'codec'],
  fhir: ['policy', 'vault', 'assembly', 'codec'],
  exchange: ['policy', 'vault', 'assembly', 'contracts', 'kernel', 'crypto', 'codec'],
  sdk: ['policy', 'contracts', 'kernel', 'crypto', 'codec'],
  books: ['sdk', 'exchange', 'epcis', 'policy', 'contracts', 'kernel', 'crypto', 'codec'],
  simulator: belowSimulator,
  node: belowSimulator,
  web: ['sdk', 'policy', 'assembly', 'kernel', 'codec'],
  cli: ['sdk', 'policy', 'assembly', 'kernel', 'store', 'codec'],
}

/** Tests and benchmarks look at the whole from above: the simulator and all below it, never an app but their own. */
export const testsMayImport: readonly string[] = [...belowSimulator, 'simulator']

/** One row of the table in STYLE.md: the name and what it may import, or undefined where the line is no such row. */
export function tableRow(line: string): { readonly name: string; readonly imports: readonly string[] } | undefined {
  const [, layer, name, cell] = line.split('|').map((text) => text.trim())
  const short = name?.match(/^`(?:apps\/)?([a-z-]+)`$/)?.[1]
  if (!layer || !/^\d+$/.test(layer) || !short || cell === undefined) return undefined
  if (cell === 'all of the above' || cell === 'all but `simulator`') return { name: short, imports: belowSimulator }
  return { name: short, imports: [...cell.matchAll(/`([a-z-]+)`/g)].map(([, each]) => each as string) }
}
