/** The only chance of a fuzz run: SFC32 (Doty-Humphrey, PractRand), so that a run is repeated by its seed. */
export class Chance {
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = (seed / 0x1_0000_0000) | 0
    this.#c = 0x9e3779b9 | 0
    for (let round = 0; round < 12; round++) this.next()
  }

  /** 32 random bits, as an integer from 0. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  /** An integer from 0 to `count - 1`; `count` is at least 1. */
  below(count: number): number {
    return this.next() % count
  }

  /** True once in `count`. */
  once(count: number): boolean {
    return this.below(count) === 0
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }
}
