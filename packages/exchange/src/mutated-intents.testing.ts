/**
 * T-08: requests that nobody may grant, thrown at a real custodian: intents with anything changed before or after they
 * were signed, committed all the same; and a good request with any bit of its note changed, or brought by another.
 */
import { concatBytes, decode, encode } from '@plexus/codec'
import { publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { type IntentContent, intent, intentContent, statementTypes } from '@plexus/policy'
import { board, clinic, clinicianSeed, hospital, memberSeed, npi, seedOf, ward } from './founding.testing.ts'
import { type MemberNote, memberNote } from './notes.ts'
import { recordOf, World } from './three-members.testing.ts'

type Request = Extract<MemberNote, { type: 'request' }>

export interface Thrown {
  readonly thrown: number
  /** Of those, what the custodian could read, find on its ledger and weigh. */
  readonly weighed: number
  /** Releases of mutants: none may be. */
  readonly released: number
  /** Whether the same custodian grants an honest request afterwards. */
  readonly grantsTheHonest: boolean
}

/** A batch and a few seconds of a custodian's time. */
export const mutantsPerWorldMax = 2_000

/** Throws so many mutants at the custodian of a fresh world; the same seed throws the same. */
export async function throwMutants(seed: string, count: number): Promise<Thrown> {
  if (count > mutantsPerWorldMax) throw new RangeError(`count: expected at most ${mutantsPerWorldMax}`)
  const world = await World.start()
  await world.register([recordOf('a')])
  const client = await world.enrolled()
  const visit = await world.checkedIn(client)
  await world.ask(visit)
  world.block()
  await world.exchange(clinic).wake()
  const good = (await world.intercept(hospital)).find((note) => note.type === 'request')
  const read = good && decode(intent, good.intent.statement)
  if (!good || !read?.ok) throw new Error('the clinic asked nothing')

  const draw = drawing(seed)
  const committed = Math.floor(count / 2)
  const statements = Array.from({ length: committed }, () => mutantOf(world, read.value.content, good, draw))
  const { exchange, journal } = world.node(clinic)
  const hashes = await exchange.run(({ batches }) =>
    statements.map((statement) => {
      const made = batches.commit(statementTypes.intent, statement)
      journal.write(made.changes)
      return made.hash
    }),
  )
  const { custodian } = world.exchange(hospital)
  for (let round = 0; round < 4; round++) {
    world.block()
    await exchange.wake()
  }
  for (const hash of hashes) {
    const opening = exchange.batches.opening(hash)
    if (!opening) throw new Error('a mutant was not committed')
    await custodian.request(clinic, { type: 'request', intent: opening, evidence: good.evidence })
  }
  const bytes = encode(memberNote, good)
  for (let each = committed; each < count; each++) {
    const { from, note } = changedNote(bytes, good, draw)
    if (note?.type === 'request') await custodian.request(from, note)
  }
  // Whatever was decided is settled, void or refused.
  for (let round = 0; round < 4; round++) {
    await world.exchange(hospital).wake()
    world.block()
    world.wire.length = 0
  }
  const rows = () => [...world.node(hospital).journal.entries('releases')].length
  const released = rows()
  const weighed = [...world.node(hospital).journal.entries('requests')].length
  const next = await world.checkedIn(client)
  const ask = await world.ask(next)
  await world.settle(60)
  const state = exchange.requester.gathered(ask)?.sources[0]?.state
  return { thrown: count, weighed, released, grantsTheHonest: state === 'complete' && rows() > released }
}

/** An intent with something wrong in it, as its requester would commit it. */
function mutantOf(world: World, content: IntentContent, good: Request, draw: Draw): Uint8Array {
  const other = draw.of([board, hospital, ward, 'nobody'])
  const far = draw.below(100_000) + 1
  const wrong = draw.of<Partial<IntentContent>>([
    { custodian: draw.of([board, clinic, ward, 'nobody']) },
    { requester: other },
    { clinician: { npi, organisation: other } },
    { clinician: { npi: draw.of(['1234567802', '1588667638']), organisation: clinic } },
    { evidence: [draw.bytes(32)] },
    { evidence: [...content.evidence, draw.bytes(32)] },
    { madeAt: content.madeAt - far - 600, expiresAt: content.madeAt - far },
    { expiresAt: content.madeAt + 301 + far },
    { madeAt: content.madeAt + 60 + far, expiresAt: content.madeAt + 120 + far },
  ])
  const signed = (of: IntentContent, signer: Uint8Array): Uint8Array => {
    const message = signedBytes(statementTypes.intent, world.chain.id, encode(intentContent, of))
    return encode(intent, {
      content: of,
      clinician: { key: publicKeyOf(signer), signature: sign(signer, message) },
    })
  }
  const fresh: IntentContent = { ...content, id: draw.bytes(16) }
  switch (draw.below(4)) {
    case 0: // Signed by the clinician, and not to be granted.
      return signed({ ...fresh, ...wrong }, clinicianSeed)
    case 1: // Signed by somebody else.
      return signed(fresh, draw.of([memberSeed(clinic), memberSeed(hospital), seedOf('stranger'), draw.bytes(32)]))
    case 2: // Another chain's signature.
      return encode(intent, {
        content: fresh,
        clinician: {
          key: publicKeyOf(clinicianSeed),
          signature: sign(
            clinicianSeed,
            signedBytes(statementTypes.intent, draw.bytes(32), encode(intentContent, fresh)),
          ),
        },
      })
    default: // Any bit changed after the signature.
      return flipped(good.intent.statement, draw)
  }
}

/** The good request, changed on its way: bits, bytes, what it opens, or who brings it. */
function changedNote(
  bytes: Uint8Array,
  good: Request,
  draw: Draw,
): { readonly from: string; readonly note: MemberNote | undefined } {
  const opening = good.intent
  const from = clinic
  switch (draw.below(4)) {
    case 0: {
      const read = decode(memberNote, flipped(bytes, draw))
      return { from, note: read.ok ? read.value : undefined }
    }
    case 1: {
      const at = draw.below(bytes.length)
      const cut = concatBytes(bytes.subarray(0, at), draw.bytes(draw.below(4)), bytes.subarray(at + draw.below(4)))
      const read = decode(memberNote, cut)
      return { from, note: read.ok && cut.length !== bytes.length ? read.value : undefined }
    }
    case 2: // What it opens stands nowhere: another key, place, path or type.
      return {
        from,
        note: {
          ...good,
          intent: draw.of([
            { ...opening, leafKey: draw.bytes(32) },
            { ...opening, index: (opening.index + 1 + draw.below(14)) % 16 },
            { ...opening, size: opening.size * 2, path: [...opening.path, draw.bytes(32)] },
            { ...opening, path: opening.path.map(() => draw.bytes(32)) },
            { ...opening, path: [], size: 1, index: 0 },
            { ...opening, type: draw.of(['receipt', 'evidence', 'padding']) },
            good.evidence[0] ?? opening,
          ]),
        },
      }
    default: // Another's request, or evidence that is not what it names.
      return draw.below(2) === 0
        ? { from: draw.of([board, hospital, ward, 'nobody']), note: good }
        : { from: board, note: { ...good, evidence: draw.of([[], [opening]]) } }
  }
}

function flipped(bytes: Uint8Array, draw: Draw): Uint8Array {
  const at = draw.below(bytes.length)
  return bytes.with(at, (bytes[at] ?? 0) ^ (1 << draw.below(8)))
}

interface Draw {
  below(count: number): number
  bytes(length: number): Uint8Array
  of<Value>(values: readonly Value[]): Value
}

function drawing(seed: string): Draw {
  let drawn = 0
  const bytes = (length: number): Uint8Array => seedOf(`${seed} ${drawn++}`).slice(0, length)
  const below = (count: number): number => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes(4)
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % count
  }
  return { bytes, below, of: (values) => values[below(values.length)] as (typeof values)[number] }
}
