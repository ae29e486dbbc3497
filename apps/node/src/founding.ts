/** How a network begins: what each member shows of itself, and the genesis document on which all of them agree. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareBytes, encode, type Infer } from '@plexus/codec'
import {
  defaultPolicy,
  type MembersAction,
  members,
  type NetworkPolicy,
  prescriptions,
  rebates,
  releases,
  supply,
} from '@plexus/contracts'
import { generateSealingKey, handleOf, publicKeyOf, type RandomBytes } from '@plexus/crypto'
import { nodeIdOf, writeEngineAddress } from '@plexus/engine'
import { type Chain, foundChain, readGenesis } from '@plexus/kernel'
import { writeDurably } from '@plexus/store'
import { type Layout, layoutOf, makeFolders, secretOf } from './layout.ts'

/** Names of the secrets that an engine is given: one signs votes, by the other nodes know each other. */
export const validatorSecret = 'validator'
export const engineNodeSecret = 'engine-node'

/** Scopes of a member's first key; a licensing board attests licences besides. */
const memberScopes = ['batches', 'credentials', 'custodian', 'governance', 'sponsor'] as const

/**
 * Beyond the spine, which every network has: on a network that is founded now these stand from its first block on. Another
 * one votes them in (`activate-contract`).
 */
export const activeFromTheStart = [prescriptions, rebates, releases, supply] as const

/** Of each founding validator: equals. */
export const validatorPower = 10

/** Who orders the blocks: the key of one member, or the votes of those that validate. */
export type FoundingEngine =
  | { readonly type: 'local'; readonly sequencer: string }
  | { readonly type: 'cometbft'; readonly validators: readonly string[] }

/** A network whose members' secrets are all made in one place: the demonstration, and tests. */
export interface Founding {
  readonly name: string
  readonly members: readonly string[]
  /** The member that attests licences. */
  readonly board: string
  readonly engine: FoundingEngine
  /** Where members answer, `plexus://HOST:PORT`; without one a member runs with the others in one process, `local:`. */
  readonly addresses?: Readonly<Record<string, string>>
  /** Where the policy differs from the usual one. */
  readonly parameters?: Partial<NetworkPolicy['parameters']>
}

/** What a member shows of itself, to found a network with others or to be admitted: no secret is in it. */
export type Candidate = Omit<Extract<MembersAction, { readonly type: 'admit-member' }>, 'type'>

/** What is said of a member; its keys are made in its folder, or found there. */
export interface Described {
  readonly member: string
  readonly address: string
  /** Where the engine beside its node is reached; null where all engines run in one process. */
  readonly engine: { readonly host: string; readonly port: number } | null
  readonly owner: string
  readonly board: boolean
  /** Its votes for blocks weigh so much; null for a member that does not validate. */
  readonly power: number | null
}

const genesisFile = 'genesis.cbor'
export const genesisPath = (data: string): string => join(data, genesisFile)

/** The chain that was founded in a folder; undefined in an empty one. */
export function foundedChain(data: string): Chain | undefined {
  const path = genesisPath(data)
  if (!existsSync(path)) return undefined
  const read = readGenesis(new Uint8Array(readFileSync(path)))
  if (!read.ok)
    throw new Error(`${path} is not a genesis document: expected ${read.reason.expected}, came ${read.reason.came}`)
  return read.value
}

/** Makes the member's first keys in its own folder, and tells what the ledger is to know of them. */
export async function describeMember(layout: Layout, described: Described, random: RandomBytes): Promise<Candidate> {
  const { member, address, engine, owner, board, power } = described
  makeFolders(layout)
  const publicOf = (name: string): Uint8Array => publicKeyOf(secretOf(layout, name, random))
  const { publicKey: sealingKey } = await generateSealingKey(secretOf(layout, 'sealing', random))
  const scopes = board ? ([...memberScopes, 'licensing-board'] as const).toSorted() : [...memberScopes]
  const keys = [
    // The next key is made now and used only to rotate: whoever steals the first one does not have it.
    { key: publicOf('member'), scopes, next: handleOf(publicOf('member-next')) },
    { key: publicOf('transport'), scopes: ['transport' as const], next: handleOf(publicOf('transport-next')) },
  ]
  return {
    member,
    address,
    engineAddress: engine && writeEngineAddress({ nodeId: nodeIdOf(publicOf(engineNodeSecret)), ...engine }),
    sealingKey,
    owner,
    keys: keys.sort((a, b) => compareBytes(a.key, b.key)),
    validator: power === null ? null : { key: publicOf(validatorSecret), power },
  }
}

type MembersEvent = Infer<typeof members.event>

/** The chain of a network that these members found. `time`: seconds since 1970. */
export function chainOf(
  candidates: readonly Candidate[],
  {
    name,
    time,
    sequencer,
    parameters = {},
    without = [],
  }: {
    readonly name: string
    readonly time: number
    /** The key that orders on the embedded engine; null where validators vote. */
    readonly sequencer: Uint8Array | null
    readonly parameters?: Partial<NetworkPolicy['parameters']>
    /** Contracts that it does not begin with; its members may vote them in. */
    readonly without?: readonly string[]
  },
): Chain {
  const events: readonly MembersEvent[] = [
    ...candidates.flatMap(({ member, address, engineAddress, sealingKey, owner, keys }): readonly MembersEvent[] => [
      { type: 'member-founded', member, address, sealingKey, owner },
      ...(engineAddress === null ? [] : [{ type: 'engine-address-set', member, engineAddress } as const]),
      ...keys.map((key) => ({ type: 'key-registered', holder: member, ...key, height: 0 }) as const),
    ]),
    ...activeFromTheStart
      .filter(({ name }) => !without.includes(name))
      .map(
        ({ name: contract, version }): MembersEvent => ({ type: 'contract-activated', contract, version, height: 0 }),
      ),
    { type: 'policy-set', ...defaultPolicy, parameters: { ...defaultPolicy.parameters, ...parameters } },
    ...candidates.flatMap(({ member, validator }): readonly MembersEvent[] =>
      validator === null ? [] : [{ type: 'validator-set', member, ...validator, height: 0 }],
    ),
  ]
  return foundChain({
    name,
    time: Math.floor(time),
    engine: sequencer ? { type: 'local', sequencer } : { type: 'cometbft' },
    founding: events.map((event) => ({ contract: members.name, event: encode(members.event, event) })),
  })
}

export const keepGenesis = (data: string, chain: Chain): void => writeDurably(genesisPath(data), chain.bytes, 0o644)

/** Founds the network in an empty folder, or reads what was founded there. Every member's first keys are made here. */
export async function foundNetwork(
  data: string,
  founding: Founding,
  { random, now }: { readonly random: RandomBytes; readonly now: () => number },
): Promise<Chain> {
  const found = foundedChain(data)
  if (found) return found
  const { engine, name, parameters = {} } = founding
  const candidates: Candidate[] = []
  for (const member of founding.members) {
    const described = {
      member,
      address: founding.addresses?.[member] ?? 'local:',
      engine: null,
      owner: member,
      board: member === founding.board,
      power: engine.type === 'cometbft' && engine.validators.includes(member) ? validatorPower : null,
    }
    candidates.push(await describeMember(layoutOf(data, member), described, random))
  }
  const sequencer =
    engine.type === 'local' ? publicKeyOf(secretOf(layoutOf(data, engine.sequencer), 'sequencer', random)) : null
  const chain = chainOf(candidates, { name, time: now(), sequencer, parameters })
  keepGenesis(data, chain)
  return chain
}
