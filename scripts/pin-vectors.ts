/**
 * `node scripts/pin-vectors.ts NAME`: in `vectors/contracts/NAME.json`, writes bytes, state, rejections and version beside the
 * transactions and events that stand there as values. For a contract that no network runs yet, or a new version of it: what
 * other members run is pinned for good.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { encode, fromHex, toHex } from '@plexus/codec'
import { contracts } from '@plexus/contracts'
import { evolve, Overlay, type RegisteredContract, type Variant } from '@plexus/kernel'

interface Written {
  readonly about: string
  readonly transactions: readonly { readonly value: Variant }[]
  readonly events: readonly { readonly value: Variant }[]
}

/** The vectors of a contract, from the values of earlier ones, as they stand in a file. */
export function pinned(contract: RegisteredContract, source: string): string {
  const { about, transactions, events } = JSON.parse(source) as Written
  const read = JSON.parse(source, revived) as Written
  const overlay = new Overlay({ get: () => undefined, entries: () => [] })
  for (const { value } of read.events) evolve(overlay, contract, value)
  const vectors = {
    about,
    version: contract.version,
    transactions: transactions.map(({ value }, index) => {
      const { value: transaction } = read.transactions[index] as { readonly value: Variant }
      return { value, bytes: toHex(encode(contract.transaction, transaction)) }
    }),
    events: events.map(({ value }, index) => {
      const { value: event } = read.events[index] as { readonly value: Variant }
      return { value, bytes: toHex(encode(contract.event, event)) }
    }),
    state: [...overlay.entries('')].map(([key, bytes]) => ({ key, bytes: toHex(bytes) })),
    rejections: Object.entries(contract.rejections).map(([type, { code, says }]) => ({ code, type, says })),
  }
  return `${JSON.stringify(vectors, null, 2)}\n`
}

/** Byte strings stand as `{ "bytes": hex }`. */
function revived(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [[name, bytes] = [], ...others] = Object.entries(value)
  return name === 'bytes' && typeof bytes === 'string' && others.length === 0 ? fromHex(bytes) : value
}

export const vectorsOf = (name: string): string =>
  fileURLToPath(new URL(`../vectors/contracts/${name}.json`, import.meta.url))

function main([name]: readonly string[]): number {
  const contract = contracts.find((each) => each.name === name)
  if (!contract) {
    console.error(`usage: node scripts/pin-vectors.ts ${contracts.map((each) => each.name).join('|')}`)
    return 2
  }
  const path = vectorsOf(contract.name)
  writeFileSync(path, pinned(contract, readFileSync(path, 'utf8')))
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
