/**
 * Looks at a node without disturbing it: its folder, its ledger (a copy, while a node has it open), its keys, and its
 * peers, once each, under the node's own transport key.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalBytes, toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { generateSealingKey, publicKeyOf, type RandomBytes } from '@plexus/crypto'
import { isWatching, nodeIdOf } from '@plexus/engine'
import { type Chain, readGenesis, viewOf } from '@plexus/kernel'
import { probe } from '@plexus/peers'
import { type LedgerStore, lockDirectory, openLedgerStore, StoreError } from '@plexus/store'
import { ledgerCopy } from '../backup/take.ts'
import { engineNodeSecret, validatorSecret } from '../founding.ts'
import { forksFolder, type Layout, layoutOf, secretsNamed } from '../layout.ts'
import { transportOf } from '../peer-door.ts'
import { forksIn } from '../standing-forks.ts'
import { checkLayout } from '../verify/layout-check.ts'
import type { DoctorFacts, EngineFacts, KeyFacts, LedgerFacts, PeerFacts } from './facts.ts'

export interface DoctorParts {
  readonly data: string
  readonly member: string
  readonly now: () => number
  readonly random: RandomBytes
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
}

/** Without these a node does not do its work; the journal's and the vault's open nothing under new ones. */
const secretsNeeded = ['blinding', 'journal', 'master', 'member', 'sealing', 'transport'] as const
/** Peers that are looked at side by side. */
const probesAtOnceMax = 16
const secretBytes = 32

export async function gather(parts: DoctorParts): Promise<DoctorFacts> {
  const { data, member, now } = parts
  const layout = layoutOf(data, member)
  const chain = chainIn(data)
  const folderThere = existsSync(layout.ledger) && existsSync(layout.keys)
  const missing = secretsNeeded.filter((name) => !isSecret(layout, name))
  const basic: DoctorFacts = {
    member,
    clock: now(),
    chain: typeof chain === 'string' ? null : chain.id,
    genesis: typeof chain === 'string' ? chain : null,
    folderThere,
    running: false,
    diskFreeBytes: folderThere ? freeBytes(layout.root) : 0,
    layout: folderThere ? checkLayout(layout.root).findings : [],
    secretsMissing: folderThere ? missing : [],
    successorsBeside: secretsNamed(layout, '').filter((name) => name.endsWith('-next')),
    ledgerFault: null,
    forks: forksIn(forksFolder(layout)),
    ledger: null,
    self: null,
    peers: [],
  }
  if (typeof chain === 'string' || !folderThere) return basic
  const lock = lockDirectory(layout.root)
  const running = !lock.ok
  const scratch = mkdtempSync(join(tmpdir(), 'plexus-doctor-'))
  try {
    // A ledger that a node writes is not opened beside it.
    if (running) await ledgerCopy(layout.ledger, scratch, chain.id)
    const store = openLedgerStore(running ? scratch : layout.ledger, { chain: chain.id })
    try {
      return await withLedger(parts, layout, store, { ...basic, running })
    } finally {
      store.close()
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return { ...basic, running, ledgerFault: error.type }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
    if (lock.ok) lock.value.release()
  }
}

async function withLedger(
  parts: DoctorParts,
  layout: Layout,
  store: LedgerStore,
  basic: DoctorFacts,
): Promise<DoctorFacts> {
  const tip = store.tip()
  if (!tip) return { ...basic, ledgerFault: 'it holds no block: start the node once' }
  const { member, random, now, schedule } = parts
  const view = viewOf(members, store)
  const own = members.queries.member(view, member)
  const sealing = isSecret(layout, 'sealing') ? await generateSealingKey(secret(layout, 'sealing')) : undefined
  const ledger: LedgerFacts = {
    height: tip.height,
    beginning: store.beginning().height,
    time: tip.time,
    status: own?.status ?? null,
    address: own?.address ?? null,
    signingKey: keyFacts(store, member, layout, 'member'),
    transportKey: keyFacts(store, member, layout, 'transport'),
    sealingKeyEqual: sealing !== undefined && own !== undefined && equalBytes(sealing.publicKey, own.sealingKey),
    engine: engineFacts(store, member, layout),
    seatedThoughMisbehaved: members.queries
      .misbehaviours(view)
      .flatMap((each) => (each.seated && each.member !== member ? [each.member] : [])),
  }
  if (!isSecret(layout, 'transport') || !own) return { ...basic, ledger }
  const connection = { ...transportOf(store, layout, random), now, random, schedule }
  const others = [...view.members.entries()].flatMap(([id, { status }]) =>
    id !== member && status === 'active' ? [id] : [],
  )
  const peers: PeerFacts[] = []
  for (let from = 0; from < others.length; from += probesAtOnceMax)
    peers.push(
      ...(await Promise.all(
        others.slice(from, from + probesAtOnceMax).map(async (each) => ({
          member: each,
          transportKeys: members.queries
            .keysHeld(view, each)
            .filter(({ scopes, status }) => status === 'active' && scopes.includes('transport')).length,
          probe: await probe(connection, each),
        })),
      )),
    )
  const self = own.address === 'local:' ? null : await probe(connection, member)
  return { ...basic, clock: now(), ledger, peers, self }
}

/** Looks by the ledger alone: whether others would know this engine, and count its votes. */
function engineFacts(store: LedgerStore, member: string, layout: Layout): EngineFacts | null {
  const view = viewOf(members, store)
  const stated = members.queries.enginesOf(view).find((each) => each.member === member)
  const seat = members.queries.validatorSet(view).find((each) => each.member === member)
  if (members.queries.member(view, member)?.address === 'local:' || (!stated && !seat)) return null
  const publicOf = (name: string): Uint8Array | undefined =>
    isSecret(layout, name) ? publicKeyOf(secret(layout, name)) : undefined
  const [nodeKey, seatKey] = [publicOf(engineNodeSecret), publicOf(validatorSecret)]
  return {
    addressKnown: stated !== undefined,
    nodeKeyEqual: !stated || (nodeKey !== undefined && stated.address.startsWith(`${nodeIdOf(nodeKey)}@`)),
    seatKeyEqual: seat ? seatKey !== undefined && equalBytes(seatKey, seat.key) : null,
    watches: isWatching(layout.engine),
    keyMisbehaved: members.queries.misbehaviours(view).some(({ key }) => seatKey && key === toHex(seatKey)),
  }
}

function keyFacts(store: LedgerStore, member: string, layout: Layout, name: string): KeyFacts {
  const none: KeyFacts = { status: 'none', scopes: [], since: null }
  if (!isSecret(layout, name)) return none
  const known = members.queries.keyOf(viewOf(members, store), toHex(publicKeyOf(secret(layout, name))))
  if (!known) return none
  return {
    status: known.holder === member ? known.status : 'another',
    scopes: known.scopes,
    since: known.from === null ? null : (store.summary(known.from)?.time ?? null),
  }
}

function chainIn(data: string): Chain | 'malformed' | 'missing' {
  const path = join(data, 'genesis.cbor')
  if (!existsSync(path)) return 'missing'
  const read = readGenesis(new Uint8Array(readFileSync(path)))
  return read.ok ? read.value : 'malformed'
}

const pathOf = (layout: Layout, name: string): string => join(layout.keys, `${name}.secret`)

/** Looks only: a secret that is missing must not be made by whoever looks for it. */
function isSecret(layout: Layout, name: string): boolean {
  const path = pathOf(layout, name)
  return existsSync(path) && statSync(path).size === secretBytes
}

const secret = (layout: Layout, name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(layout, name)))

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
