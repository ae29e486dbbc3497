/** What identifiers a parameter of a query stands for (EPCIS 2.0 §8.2.7.1.1, MATCH_…). */
import { canonicalUri } from '../gs1/canonical-uris.ts'

/** Matches identifiers however they are written: an URN finds its Digital Link. */
export class IdentifierMatch {
  readonly #exact = new Set<string>()
  readonly #starts: string[] = []

  /** Undefined where a pattern is open in more than its last part, which this repository does not answer. */
  static of(values: readonly string[]): IdentifierMatch | undefined {
    const match = new IdentifierMatch()
    for (const value of values) {
      const canonical = canonicalUri(value)
      if (value.startsWith('urn:epc:idpat:')) {
        if (canonical === undefined) return undefined
        match.#starts.push(serialIsPartOfKey.test(canonical) ? canonical : `${canonical}/`)
      }
      match.#exact.add(canonical ?? value)
    }
    return match
  }

  any(identifiers: readonly string[]): boolean {
    return identifiers.some((each) => {
      const canonical = canonicalUri(each) ?? each
      return this.#exact.has(canonical) || this.#starts.some((start) => canonical.startsWith(start))
    })
  }
}

/** Keys whose serial follows without a mark: returnable assets, documents, coupons. */
const serialIsPartOfKey = /^https:\/\/id\.gs1\.org\/(?:8003|253|255)\//
