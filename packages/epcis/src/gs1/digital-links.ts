/** GS1 identifiers as web addresses (GS1 Digital Link URI Syntax 1.3). */
import { no, type Result } from '@plexus/codec'
import { escapedForPath, fits, type Gs1Identifier, notUri, unescaped, uriCharactersMax } from './gs1-identifier.ts'
import type { Gs1Refusal } from './keys.ts'

/** Names that stood for codes in paths before version 1.3 of Digital Link. */
const pathNames: ReadonlyMap<string, string> = new Map([
  ['gtin', '01'],
  ['itip', '8006'],
  ['cpid', '8010'],
  ['gln', '414'],
  ['party', '417'],
  ['gsrnp', '8017'],
  ['gsrn', '8018'],
  ['gcn', '255'],
  ['sscc', '00'],
  ['gdti', '253'],
  ['ginc', '401'],
  ['gsin', '402'],
  ['grai', '8003'],
  ['giai', '8004'],
  ['cpv', '22'],
  ['lot', '10'],
  ['ser', '21'],
])

/** Qualifiers of each key in a path, coarse to fine. */
const pathQualifiers: ReadonlyMap<string, readonly string[]> = new Map([
  ['00', []],
  ['01', ['22', '10', '21', '235']],
  ['253', []],
  ['255', []],
  ['401', []],
  ['402', []],
  ['414', ['254']],
  ['417', []],
  ['8003', []],
  ['8004', []],
  ['8006', ['22', '10', '21']],
  ['8010', ['8011']],
  ['8017', []],
  ['8018', []],
])

/**
 * Reads a Digital Link under any host; what follows `?` or `#` is left away. A check digit that does not hold is refused
 * unless `checked` is false: a hash must be found for what others wrote, right or wrong.
 */
export function readDigitalLink(uri: string, checked = true): Result<Gs1Identifier, Gs1Refusal> {
  const path = uri.length > uriCharactersMax ? undefined : /^https?:\/\/[^/?#]+(\/[^?#]*)/.exec(uri)?.[1]
  if (path === undefined) return no(notUri)
  const steps = path.split('/').slice(1)
  if (steps.at(-1) === '') steps.pop()
  const codeOf = (step: string) => pathNames.get(step) ?? step
  const start = steps.findIndex((step, index) => pathQualifiers.has(codeOf(step)) && index < steps.length - 1)
  if (start < 0) return no(notUri)
  const code = codeOf(steps[start] as string)
  const allowed = pathQualifiers.get(code) as readonly string[]
  const key = unescaped(steps[start + 1] as string)
  if (key === undefined || (steps.length - start) % 2 !== 0) return no(notUri)
  const qualifiers: [string, string][] = []
  for (let index = start + 2; index < steps.length; index += 2) {
    const qualifier = codeOf(steps[index] as string)
    const value = unescaped(steps[index + 1] as string)
    const isFiner = allowed.indexOf(qualifier) > allowed.indexOf(qualifiers.at(-1)?.[0] ?? '')
    if (value === undefined || !isFiner) return no(notUri)
    qualifiers.push([qualifier, value])
  }
  const isShortTradeItem = code === '01' && [8, 12, 13].includes(key.length)
  return fits({ code, key: isShortTradeItem ? key.padStart(14, '0') : key, qualifiers }, checked)
}

/** The Digital Link under GS1's own host, which is the canonical one. */
export function writeDigitalLink({ code, key, qualifiers }: Gs1Identifier): string {
  const steps = [[code, key] as const, ...qualifiers].map(([name, value]) => `${name}/${escapedForPath(value)}`)
  return `https://id.gs1.org/${steps.join('/')}`
}
