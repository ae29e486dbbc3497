/** Histories of all contracts on twin ledgers through the real state machine, with what must hold after every step. */
import { createHash } from 'node:crypto'
import { compareBytes, decode, encode, equalBytes, toHex } from '@plexus/codec'
import {
  type AppliedBlock,
  assembleEnvelope,
  type Block,
  type Chain,
  type Context,
  composeBody,
  createMachine,
  type Envelope,
  envelopeBytesMax,
  evolve,
  type Machine,
  type Misbehaviour,
  memoryLedger,
  Overlay,
  type RegisteredContract,
  type StateReader,
  sealEnvelope,
  signaturesHold,
  validatorAddressOf,
  viewOf,
} from '@plexus/kernel'
import { directory, members } from './index.ts'
import { castOf, type Identity, identities, Random, type World, worldAt } from './world.testing.ts'
import { chainOf, type Subject } from './worlds.testing.ts'

/** How often each rule accepted, and each rejection was produced: `members/register-key`, `members/key-known`. */
export interface Tally {
  readonly accepted: Map<string, number>
  readonly rejected: Map<string, number>
  steps: number
}

export const emptyTally = (): Tally => ({ accepted: new Map(), rejected: new Map(), steps: 0 })

const secondsPerDay = 86_400
/** Of so many steps all but one are of the contract that a history is about, so that another contract takes none away. */
const oneInOthers = 8
/** The engine proves something of a validator in one block of so many. */
const misbehavesOnceIn = 25
/** Elsewhere signatures are asked about at length: here most are hashes, which cost nothing. */
const realSigningOnceIn = 10
/** Most networks of five; small ones reach what five never do, such as the last active member. */
const castSizes = [5, 5, 5, 3, 1] as const

/** One history, mostly of one contract. Throws with its seed and its step, so that it can be run again. */
export function runHistory({
  subjects,
  about,
  seed,
  steps,
  tally,
}: {
  readonly subjects: readonly Subject[]
  readonly about: Subject
  readonly seed: number
  readonly steps: number
  readonly tally: Tally
}): void {
  const random = new Random(seed)
  const cast = castOf(castSizes[seed % castSizes.length] as number)
  const chain = chainOf(subjects, cast)
  const seen: { context: Context | undefined } = { context: undefined }
  const contracts = subjects.map(({ contract }) => contract)
  const observed = contracts.map((contract) => observe(contract, tally, (context) => (seen.context = context)))
  const signing = seed % realSigningOnceIn === 0 ? realSigning() : quickSigning
  const machine = createMachine({ chain, contracts: observed, directory, signaturesHold: signing.hold })
  const twinMachine = createMachine({ chain, contracts, directory, signaturesHold: signing.hold })
  const founded = foundedOf(machine)
  const ledger = memoryLedger({ found: () => founded })
  const twin = memoryLedger({ found: () => founded })
  const replica = new Overlay({ get: () => undefined, entries: () => [] })
  replay(replica, contracts, founded)

  const others = subjects.filter((subject) => subject !== about)
  const engine = new Random(-seed)
  let time = chain.genesis.time
  let previous: Uint8Array | undefined

  /** One block on all three ledgers; `holds` looks at it before any takes it. */
  const take = (block: Block, holds: (applied: AppliedBlock) => void): void => {
    const applied = machine.apply(ledger.reader, block)
    const again = twinMachine.apply(twin.reader, block)
    assert(equalBytes(applied.tip.appHash, again.tip.appHash), 'two ledgers came to different states')
    holds(applied)
    const replayed = new Overlay(replica)
    replay(replayed, contracts, applied)
    assert(sameChanges(replayed, applied), 'the events say something else than the state')
    replica.take(replayed)
    ledger.commit(applied)
    twin.commit(again)
  }

  for (let step = 1; step <= steps; step++) {
    tally.steps++
    time += random.oneIn(15) ? random.below(random.oneIn(4) ? 20 : 4) * secondsPerDay : random.below(secondsPerDay / 16)
    if (about.contract.name === members.name && engine.oneIn(misbehavesOnceIn)) {
      const misbehaviour = [someMisbehaviour(engine, ledger.reader, step)]
      const context = { height: step, time, sponsor: '', signers: [], caller: null }
      within(`history ${seed}, step ${step} (misbehaviour)`, () =>
        take({ height: step, time, transactions: [], misbehaviour }, (applied) =>
          checkInvariants(contracts, ledger.reader, applied, context),
        ),
      )
      continue
    }
    const { contract, world: contractWorld } =
      others.length > 0 && random.oneIn(oneInOthers) ? random.pick(others) : about
    const world = worldAt(cast, random, ledger.reader, { time, height: step })
    const proposal = contractWorld.propose(world)
    const transaction = encode(contract.transaction, proposal.transaction)
    const envelope =
      previous && random.oneIn(40)
        ? previous
        : seal({ world, chain, signing, contract: contract.name, transaction, step, ...spoil(world, proposal) })
    previous = envelope
    const where = `history ${seed}, step ${step} (${contract.name}/${proposal.transaction.type})`
    within(where, () => {
      const checked = twinMachine.check(twin.reader, envelope, time)
      seen.context = undefined
      take({ height: step, time, transactions: [envelope] }, (applied) => {
        const outcome = applied.outcomes[0]
        const expected = checked.ok ? { space: 'kernel', code: 0 } : checked.reason
        assert(
          outcome?.space === expected.space && outcome.code === expected.code,
          'the mempool check and the block disagree',
        )
        if (outcome?.code === 0) {
          assert(seen.context !== undefined, 'a transaction was accepted without its rule')
          checkInvariants(contracts, ledger.reader, applied, seen.context)
        } else
          assert(
            applied.events.length === 0 && applied.changes.every(forgotten),
            'a refused transaction changed the state',
          )
      })
    })
  }
  assert(
    contracts.every(({ name }) => shown(ledger.reader, `${name}/`) === shown(replica, `${name}/`)),
    `history ${seed}: a ledger fed with the events alone is not equal`,
  )
}

/** By chain: a founding is the same in all histories of a cast. */
const foundings = new WeakMap<Chain, AppliedBlock>()

function foundedOf({ chain, found }: Machine): AppliedBlock {
  const known = foundings.get(chain) ?? found()
  foundings.set(chain, known)
  return known
}

function within(where: string, run: () => void): void {
  try {
    run()
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** Mostly of the key of a seat; otherwise of one that has none, or never had. */
function someMisbehaviour(random: Random, reader: StateReader, step: number): Misbehaviour {
  const view = viewOf(members, reader)
  const keys = [...view.validators.entries()].map(([, { key }]) => key)
  const key = random.oneIn(8) || keys.length === 0 ? new Uint8Array(32).fill(random.below(200)) : random.pick(keys)
  const kind = random.pick(['double-vote', 'light-client-attack'] as const)
  return { kind, validator: validatorAddressOf(key), height: Math.max(1, step - 1 - random.below(5)) }
}

function assert(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence)
}

/** The same contract, with what its rules answered written down. */
function observe(
  contract: RegisteredContract,
  { accepted, rejected }: Tally,
  saw: (context: Context) => void,
): RegisteredContract {
  const rules: Record<string, RegisteredContract['rules'][string]> = {}
  for (const [type, rule] of Object.entries(contract.rules))
    rules[type] = (state, transaction, context) => {
      if (context.caller === null) saw(context)
      const decided = rule(state, transaction, context)
      if (decided.ok) add(accepted, `${contract.name}/${type}`)
      else add(rejected, `${contract.name}/${decided.reason.type}`)
      return decided
    }
  return { ...contract, rules }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** How envelopes of one history are signed, and what its machines ask of signatures. */
interface Signing {
  readonly seal: (content: Parameters<typeof sealEnvelope>[0], signers: readonly Identity[]) => Uint8Array
  readonly hold: (envelope: Envelope) => boolean
}

/** Both machines and the check ask about the same signatures; the memory covers body and signatures, not the body alone. */
function realSigning(): Signing {
  const known = new Map<string, boolean>()
  return {
    seal: (content, signers) =>
      sealEnvelope(
        content,
        signers.map(({ seed }) => seed),
      ),
    hold(envelope) {
      const id = [envelope.id, ...envelope.signatures].map(toHex).join()
      const held = known.get(id) ?? signaturesHold(envelope)
      known.set(id, held)
      return held
    },
  }
}

/** A hash in the place of each signature: no contract sees more of one than that it held. */
const quickSigning: Signing = {
  seal(content, signers) {
    const keys = signers.map(({ key }) => key).sort(compareBytes)
    const body = composeBody({ ...content, signers: keys })
    return assembleEnvelope(
      body,
      keys.map((key) => quickSignature(key, body)),
    )
  },
  hold: ({ body: { signers }, bodyBytes, signatures }) =>
    signers.every((key, index) => equalBytes(quickSignature(key, bodyBytes), signatures[index] ?? key)),
}

function quickSignature(key: Uint8Array, body: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(key).update(body).digest())
}

type Sealing = Pick<Parameters<typeof sealEnvelope>[0], 'sponsor'> & {
  readonly signers: World['identities']
  readonly fault?: 'late' | 'early' | 'other-chain' | 'malformed' | 'signature' | 'no-sponsor-key'
}

/** Mostly leaves a proposal as it is; otherwise one thing about it is wrong. */
function spoil({ random, members }: World, { sponsor, signers }: Sealing): Sealing {
  switch (random.below(48)) {
    case 0:
      return { sponsor: random.pick(members), signers }
    case 1:
    case 2:
      return { sponsor, signers: [] }
    case 3:
      return { sponsor, signers: [random.pick(identities)] }
    case 4:
      return {
        sponsor,
        signers,
        fault: random.pick(['late', 'early', 'other-chain', 'malformed', 'signature', 'no-sponsor-key']),
      }
    default:
      return { sponsor, signers }
  }
}

function seal({
  world,
  chain,
  signing,
  contract,
  transaction,
  step,
  sponsor,
  signers,
  fault,
}: Sealing & {
  readonly world: World
  readonly chain: Chain
  readonly signing: Signing
  readonly contract: string
  readonly transaction: Uint8Array
  readonly step: number
}): Uint8Array {
  const sponsorKeys = fault === 'no-sponsor-key' ? [] : world.keysOf(sponsor, 'sponsor').slice(0, 1)
  const all = new Set([...sponsorKeys, ...signers])
  const ahead = fault === 'late' ? -1 : fault === 'early' ? 601 : world.random.below(601)
  const sealed = signing.seal(
    {
      chain: fault === 'other-chain' ? new Uint8Array(32) : chain.id,
      sponsor,
      nonce: new Uint8Array(16).fill(step),
      validUntil: world.time + ahead,
      contract,
      transaction: fault === 'malformed' ? transaction.slice(1) : transaction,
    },
    [...(all.size > 0 ? all : [world.random.pick(identities)])],
  )
  if (fault === 'signature') sealed[sealed.length - 1] = (sealed.at(-1) as number) ^ 1
  return sealed
}

function checkInvariants(
  contracts: readonly RegisteredContract[],
  before: StateReader,
  { changes }: AppliedBlock,
  context: Context,
): void {
  const after = new Overlay(before)
  for (const { key, value } of changes) value ? after.set(key, value) : after.delete(key)
  const touched = contracts.filter(({ name }) => changes.some(({ key }) => key.startsWith(`${name}/`)))
  for (const contract of touched) {
    const [now, then] = [readOnce(contract, after), readOnce(contract, before)]
    for (const [claim, holds] of Object.entries(contract.invariants))
      assert(holds(now, then, context), `${contract.name}: it no longer holds that ${claim}`)
  }
}

/** A view that decodes each collection once, however many claims walk it. */
function readOnce(contract: RegisteredContract, reader: StateReader): unknown {
  const view = viewOf(contract, reader)
  return Object.fromEntries(
    Object.keys(contract.state).map((name) => {
      let known: ReadonlyMap<string, unknown> | undefined
      const all = () => (known ??= new Map(view[name]?.entries()))
      return [
        name,
        {
          get: (key: string) => all().get(key),
          entries: (prefix = '') => [...all()].filter(([key]) => key.startsWith(prefix)),
        },
      ]
    }),
  )
}

/** Envelopes that ended are forgotten with every block, whatever it carries. */
function forgotten({ key, value }: AppliedBlock['changes'][number]): boolean {
  return key.startsWith('kernel/') && value === null
}

function replay(replica: Overlay, contracts: readonly RegisteredContract[], { events }: Pick<AppliedBlock, 'events'>) {
  for (const { contract: name, event } of events) {
    const contract = contracts.find((each) => each.name === name)
    assert(contract !== undefined, `an event names ${name}`)
    const decoded = decode(contract.event, event, envelopeBytesMax)
    assert(decoded.ok, `an event of ${name} does not decode`)
    evolve(replica, contract, decoded.value)
  }
}

function sameChanges({ changes: replayed }: Overlay, { changes }: AppliedBlock): boolean {
  const own = changes.filter(({ key }) => !key.startsWith('kernel/'))
  return (
    own.length === replayed.size &&
    own.every(({ key, value }) => {
      const other = replayed.get(key)
      return value && other ? compareBytes(value, other) === 0 : value === null && other === null
    })
  )
}

function shown(reader: StateReader, prefix: string): string {
  return [...reader.entries(prefix)].map(([key, value]) => `${key}=${toHex(value)}`).join('\n')
}
