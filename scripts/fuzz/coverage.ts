/**
 * What instrumented code writes into: one counter for each branch of each module that was loaded, and what the modules
 * compare with. Only `loader.ts` hands out counters; a module is loaded once in a thread.
 */

/** Branches of everything that one target loads; the largest, the whole product, has a third of this. */
export const countersMax = 65_536

/** How often each branch was taken since the last reset, modulo 256. */
export const counters = new Uint8Array(countersMax)

/** Texts and numbers that stand in the loaded sources: what a decoder compares with, it names. */
export const literals = { texts: new Set<string>(), numbers: new Set<number>() }

/** Counters in use: those beyond belong to no branch. */
export const used = { counters: 0 }
