/** Networks of the real contracts: members that validate, their envelopes, and nodes on real sockets and real stores. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@plexus/codec'
import { contracts, defaultPolicy, directory, members, notary } from '@plexus/contracts'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { type Chain, createMachine, foundChain, type Machine, sealEnvelope, viewOf } from '@plexus/kernel'
import { onTestFinished } from 'vitest'
import type { VerifierPool } from '../local/verifier-pool.ts'
import type { Call } from './call-grammar.ts'
import { type EnginePeer, nodeIdOf } from './engine-address.ts'
import type { BeginFromSnapshot } from './engine-home.ts'
import { builtEngineIn } from './engine-program.ts'
import { createSignatures, type Signatures } from './signatures.ts'
import type { EngineEvent, EngineSockets } from './supervisor.ts'
import type { ValidatorSource } from './validator-updates.ts'

export const memberNames = ['alder', 'birch', 'cedar', 'elm'] as const

/** 32 bytes that depend on a name alone. */
export const seedOf = (name: string): Uint8Array => sha256(Uint8Array.from(Buffer.from(name, 'latin1')))
export const validatorSeedOf = (member: string): Uint8Array => seedOf(`validator ${member}`)
export const nodeSeedOf = (member: string): Uint8Array => seedOf(`node ${member}`)

type MembersEvent = Parameters<(typeof members.event)['write']>[1]
const founding = (event: MembersEvent) => ({ contract: members.name, event: encode(members.event, event) })

/** A chain on which these members sponsor and validate; `time` in seconds since 1970. */
export function chainOf(
  time: number,
  validating: readonly string[] = memberNames,
  parameters: Partial<typeof defaultPolicy.parameters> = {},
): Chain {
  return foundChain({
    name: 'validators',
    time,
    engine: { type: 'local', sequencer: publicKeyOf(seedOf('no sequencer')) },
    founding: [
      ...memberNames.flatMap((member) => [
        founding({
          type: 'member-founded',
          member,
          address: 'local:',
          sealingKey: new Uint8Array(1216),
          owner: member,
        }),
        founding({
          type: 'key-registered',
          holder: member,
          key: publicKeyOf(seedOf(member)),
          scopes: ['governance', 'sponsor'],
          next: null,
          height: 0,
        }),
      ]),
      founding({
        type: 'policy-set',
        ...defaultPolicy,
        parameters: {
          ...defaultPolicy.parameters,
          envelopesPerMinuteMax: 1_000_000,
          objectsPerMinuteMax: 1_000_000,
          votingDelaySeconds: 0,
          ...parameters,
        },
      }),
      ...validating.map((member) =>
        founding({ type: 'validator-set', member, key: publicKeyOf(validatorSeedOf(member)), power: 10, height: 0 }),
      ),
    ],
  })
}

export const validators: ValidatorSource = {
  prefix: 'members/validators/',
  seats: (state) => members.queries.validatorSet(viewOf(members, state)),
}

/** Here the nodes' names follow from the members' ids. */
export const admits = (_state: unknown, nodeId: string): boolean =>
  memberNames.some((member) => nodeIdOf(publicKeyOf(nodeSeedOf(member))) === nodeId)

/** A machine with the signatures of one node. */
export function machineOf(
  chain: Chain,
  pool: Pick<VerifierPool, 'verify'>,
): { readonly machine: Machine; readonly signatures: Signatures; readonly verified: () => number } {
  let verified = 0
  const signatures = createSignatures({
    pool,
    onVerified: (count) => {
      verified += count
    },
  })
  return {
    machine: createMachine({ chain, contracts, directory, signaturesHold: signatures.holds }),
    signatures,
    verified: () => verified,
  }
}

/** An envelope of `member` with this transaction, encoded by its contract; `name` makes its nonce. */
function envelopeOf(
  chain: Chain,
  member: string,
  name: string,
  validUntil: number,
  { contract, transaction }: { readonly contract: string; readonly transaction: Uint8Array },
): Uint8Array {
  const nonce = seedOf(`nonce ${name}`).subarray(0, 16)
  return sealEnvelope({ chain: chain.id, sponsor: member, nonce, validUntil, contract, transaction }, [seedOf(member)])
}

/** An envelope of `member` that opens one handle. */
export function opening(chain: Chain, member: string, name: string, now: number, validSeconds = 300): Uint8Array {
  return envelopeOf(chain, member, name, Math.floor(now) + validSeconds, {
    contract: notary.name,
    transaction: encode(notary.transaction, { type: 'open-handles', handles: [seedOf(`handle ${name}`)] }),
  })
}

type MembersTransaction = Parameters<(typeof members.transaction)['write']>[1]

/** An envelope with which `member` governs. */
export function governing(chain: Chain, member: string, now: number, transaction: MembersTransaction): Uint8Array {
  return envelopeOf(chain, member, `${member} ${transaction.type}`, Math.floor(now) + 300, {
    contract: members.name,
    transaction: encode(members.transaction, transaction),
  })
}

export const realTime = {
  clock: { now: () => Date.now() / 1_000 },
  schedule(callback: () => void, milliseconds: number) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}

export const sockets: EngineSockets = {
  listen: (file, accept) =>
    new Promise((resolve, reject) => {
      const server = createServer(accept)
      server.on('error', reject)
      server.listen(file, () => resolve(() => new Promise((closed) => server.close(() => closed()))))
    }),
  post: (file, body) =>
    new Promise((resolve, reject) => {
      const asked = request({
        socketPath: file,
        path: '/',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      })
      asked.on('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () =>
          answer.statusCode === 200
            ? resolve(new Uint8Array(Buffer.concat(parts)))
            : reject(new Error(`status ${answer.statusCode}`)),
        )
      })
      asked.on('error', reject)
      asked.end(body)
    }),
}

/** Ports that nothing listens on now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createHttpServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            if (typeof address === 'object' && address) resolve(address.port)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

/** Short, because the path of a socket is. */
export function networkDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function folderIn(parent: string, name: string): string {
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

export const peersOf = (names: readonly string[], ports: readonly number[], except: string): readonly EnginePeer[] =>
  names.flatMap((member, index) =>
    member === except
      ? []
      : [{ nodeId: nodeIdOf(publicKeyOf(nodeSeedOf(member))), host: '127.0.0.1', port: ports[index] ?? 0 }],
  )

const goFolder = new URL('../../go', import.meta.url).pathname
const cache = new URL('../../../../node_modules/.cache/engine', import.meta.url).pathname
export const enginePath = builtEngineIn({ goFolder, cache })

/** What a node of `node-child.testing.ts` is told when it starts. */
export interface NodePlan {
  readonly directory: string
  readonly member: string
  readonly validating: readonly string[]
  readonly foundedAt: number
  readonly port: number
  readonly peers: readonly EnginePeer[]
  readonly environment: Readonly<Record<string, string>>
  /** Whose key it signs blocks with, instead of its own. */
  readonly signsAs?: string
  /** Its application computes something else than those of the others. */
  readonly lies?: boolean
  /** A snapshot each so many heights. */
  readonly snapshotEvery?: number
  readonly begin?: BeginFromSnapshot
  /** What it serves of a snapshot is not what it offered. */
  readonly liesInChunks?: boolean
}

/** What it says. */
export type NodeWord =
  | { readonly type: 'event'; readonly event: EngineEvent }
  | { readonly type: 'peer'; readonly nodeId: string }
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'refused'; readonly reason: string }
  /** A snapshot that it has made. */
  | { readonly type: 'snapshot'; readonly event: string; readonly height: number }
  /** A chunk that it was handed. */
  | { readonly type: 'chunk'; readonly index: number; readonly taken: string }
  | { readonly type: 'begins'; readonly height: number }
  | {
      readonly type: 'block'
      readonly height: number
      readonly appHash: string
      readonly verified: number
      /** How many sign blocks, as the ledger says. */
      readonly seats: number
    }
  | { readonly type: 'answer'; readonly id: string; readonly text: string; readonly height: number }
