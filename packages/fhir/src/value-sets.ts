import type { CodeSystem, CodeSystemConcept, ValueSet } from '@medplum/fhirtypes'

/** The members of a value set: codes alone, and `system|code`. */
export interface Expansion {
  readonly codes: ReadonlySet<string>
  readonly codings: ReadonlySet<string>
}

/** More value sets than this inside each other is a loop. */
const nestingMax = 8

/**
 * Expands the value sets that are named (R4 §4.9), as far as the definitions enumerate them. A set with a filter, an
 * exclusion or a code system that is not wholly at hand (MIME types, currencies, UCUM) is left out: no check is better
 * than a wrong one.
 */
export function expansionsOf(
  urls: ReadonlySet<string>,
  valueSets: ReadonlyMap<string, ValueSet>,
  codeSystems: ReadonlyMap<string, CodeSystem>,
): ReadonlyMap<string, Expansion> {
  const expansions = new Map<string, Expansion>()
  for (const url of urls) {
    const codings = new Map<string, string>()
    if (!collect(url, valueSets, codeSystems, codings, 0)) continue
    expansions.set(url, { codes: new Set(codings.values()), codings: new Set(codings.keys()) })
  }
  return expansions
}

/** Adds the members of one set; false when they cannot all be known. */
function collect(
  url: string,
  valueSets: ReadonlyMap<string, ValueSet>,
  codeSystems: ReadonlyMap<string, CodeSystem>,
  into: Map<string, string>,
  depth: number,
): boolean {
  const compose = valueSets.get(url.replace(/\|.*$/, ''))?.compose
  if (compose === undefined || compose.exclude !== undefined || depth > nestingMax) return false
  for (const include of compose.include) {
    if (include.filter !== undefined) return false
    if (include.valueSet !== undefined) {
      // With a system too, the members are those in both; none of the required bindings of R4 does that.
      if (include.system !== undefined) return false
      for (const nested of include.valueSet) if (!collect(nested, valueSets, codeSystems, into, depth + 1)) return false
      continue
    }
    const system = include.system ?? ''
    const codeSystem = codeSystems.get(system)
    if (include.concept === undefined && codeSystem?.content !== 'complete') return false
    addConcepts(system, include.concept ?? codeSystem?.concept ?? [], into)
  }
  return true
}

function addConcepts(
  system: string,
  concepts: readonly Pick<CodeSystemConcept, 'code' | 'concept'>[],
  into: Map<string, string>,
): void {
  for (const { code, concept } of concepts) {
    if (code === undefined) continue
    into.set(`${system}|${code}`, code)
    addConcepts(system, concept ?? [], into)
  }
}
