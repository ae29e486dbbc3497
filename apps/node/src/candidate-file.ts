/** What a member shows of itself, as a file: JSON with bytes in hexadecimal. `govern propose admit` reads the same. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode, no, ok, parseHex, type Result, toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { writeDurably } from '@plexus/store'
import { z } from 'zod'
import type { Candidate } from './founding.ts'
import type { Layout } from './layout.ts'

const hex = z.string().transform((text, context) => {
  const bytes = parseHex(text)
  if (bytes) return bytes
  context.addIssue('hexadecimal digits')
  return z.NEVER
})
const file = z.looseObject({
  member: z.string(),
  address: z.string(),
  engineAddress: z.string().nullable(),
  owner: z.string(),
  sealingKey: hex,
  keys: z.array(z.strictObject({ key: hex, scopes: z.array(z.string()), next: hex })),
  validator: z.strictObject({ key: hex, power: z.number() }).nullable(),
})

export const candidatePath = ({ root }: Layout): string => join(root, 'candidate.json')

/** As JSON shows it. */
export const candidateFields = (candidate: Candidate): object =>
  JSON.parse(JSON.stringify(candidate, (_, value) => (value instanceof Uint8Array ? toHex(value) : value)))

export function keepCandidate(layout: Layout, candidate: Candidate): void {
  writeDurably(candidatePath(layout), `${JSON.stringify(candidateFields(candidate), null, 1)}\n`, 0o644)
}

export type CandidateRefusal = { readonly type: 'candidate-malformed' | 'candidate-missing'; readonly path: string }

/** What the ledger would not take is refused by the schema of the ledger itself. */
export function readCandidate(path: string): Result<Candidate, CandidateRefusal> {
  if (!existsSync(path)) return no({ type: 'candidate-missing', path })
  try {
    const { member, address, engineAddress, owner, sealingKey, keys, validator } = file.parse(
      JSON.parse(readFileSync(path, 'utf8')),
    )
    const candidate = { member, address, engineAddress, owner, sealingKey, keys, validator } as Candidate
    encode(members.transaction, { type: 'propose', action: { type: 'admit-member', ...candidate } })
    return ok(candidate)
  } catch {
    return no({ type: 'candidate-malformed', path })
  }
}
