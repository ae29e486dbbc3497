/**
 * The order in which an engine may ask things of a ledger (CometBFT `abci++_comet_expected_behavior.md`, without vote
 * extensions and state sync): a chain is founded at most once, first of all; a block is proposed and voted on as often as
 * it takes, then decided, then committed.
 */
const letters = {
  initChain: 'i',
  prepareProposal: 'p',
  processProposal: 'v',
  finalizeBlock: 'f',
  commit: 'c',
} as const

export type Call = keyof typeof letters

export const isCall = (type: string): type is Call => Object.hasOwn(letters, type)

/** One run of an engine; it may have died anywhere. */
const run = /^i?(?:[pv]*fc)*[pv]*f?$/

export function obeysGrammar(calls: readonly Call[]): boolean {
  return run.test(calls.map((call) => letters[call]).join(''))
}
