/** What a check of a data directory found: where, in words of this code alone, never with what stands there. */

/** Listed for each check; further ones are counted. */
const listedMax = 100

export interface Finding {
  /** A file, a table with the number of a row, or a height. */
  readonly where: string
  readonly what: string
}

/** One check of one member. */
export class Check {
  readonly name: string
  readonly facts: Record<string, number | string | boolean | null> = {}
  private readonly listed: Finding[] = []
  private count = 0

  constructor(name: string) {
    this.name = name
  }

  found(where: string, what: string): void {
    this.count++
    if (this.listed.length < listedMax) this.listed.push({ where, what })
  }

  add(fact: string, by = 1): void {
    const before = this.facts[fact]
    this.facts[fact] = (typeof before === 'number' ? before : 0) + by
  }

  get ok(): boolean {
    return this.count === 0
  }

  /** At most the first hundred of them. */
  get findings(): readonly Finding[] {
    return this.listed
  }

  get findingsCount(): number {
    return this.count
  }
}
