/** A wallet file at work: opened against the node at a door, brought back when a former version wrote it, kept after each step. */
import { randomBytes } from 'node:crypto'
import type { Result } from '@plexus/codec'
import { type Chain, sequencerKeyOf } from '@plexus/kernel'
import type { Notice } from '@plexus/policy'
import {
  type BeliefParts,
  type BeliefRefusal,
  beliefIn,
  bringBack,
  bringBackDoor,
  headerBeliefIn,
  httpPort,
  type KeptAnswers,
  keepingSource,
  type LightBlockAnswers,
  lightAnswers,
  lightSource,
  type NodePort,
  stateAnswers,
  stateReader,
  WalletClient,
  witnessesMax,
} from '@plexus/sdk'
import { forkRefused } from './fork-alarm.ts'
import type { NodeDoor } from './node-door.ts'
import { Refused, type Screen } from './screen.ts'
import { readWalletFile, writeWalletFile } from './wallet-file.ts'

export interface WalletOptions {
  readonly wallet: string
  /** The sponsor of this wallet's steps; without it, the member that keeps the mailbox. */
  readonly member?: string
}

export interface OpenedWallet {
  readonly client: WalletClient
  readonly port: NodePort
  readonly keep: () => void
  /** The votes for which blocks were believed, as they came. */
  readonly kept: KeptAnswers
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
const now = (): number => Date.now() / 1000

/** `door` without a node is for what needs none. With `heard` the mailbox is read from its beginning, and nothing is kept. */
export async function openWallet(
  door: NodeDoor,
  options: WalletOptions,
  screen: Screen,
  heard?: (custodian: string, notice: Notice) => void,
): Promise<OpenedWallet> {
  const { wallet: path, member } = options
  const { root, chain, state, taken, former } = readWalletFile(path)
  const sponsor = member ?? state.relationships[0]?.mailboxMember ?? (await door.members())[0] ?? ''
  const pause = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
  const port = httpPort({ door, sponsor, now, pause })
  const exporting = heard !== undefined && !former
  let keeps = !exporting && !former
  const kept = new Map<number, LightBlockAnswers>()
  const client: WalletClient = new WalletClient({
    wallet: { root, chain, random, state },
    port,
    taken: exporting ? new Map() : taken,
    keep: () => {
      if (keeps) keep()
    },
    ...(exporting && { heard }),
    ...(await beliefsAt(door, chain, sponsor, kept)),
  })
  const keep = (): void => writeWalletFile(path, { root, chain, state: client.wallet.state, taken: client.taken })
  if (!former) return { client, port, keep, kept }
  // The file stays as it is until everything was found: what failed half-way is tried again from its root.
  const back = await bringBack(client, bringBackDoor(door, sponsor), sponsor)
  if (!back.ok) throw refusedStep(back.reason.type, 'A wallet file of a former version was not brought back')
  keeps = true
  keep()
  const places = back.value.map(({ custodian }) => custodian)
  screen.give({ type: 'brought-back', places: back.value })
  screen.say(
    `A former version wrote this wallet file. It was brought back from its root: ${places.join(', ') || 'enrolled nowhere'}.`,
  )
  screen.say(
    '  Check-ins of before are not known any more: looks on them count as evidence that this wallet did not make.',
  )
  return heard ? openWallet(door, options, screen, heard) : { client, port, keep, kept }
}

/** On CometBFT the other members at the same address are witnesses; elsewhere nobody is asked. */
async function beliefsAt(door: NodeDoor, chain: Chain, sponsor: string, kept: Map<number, LightBlockAnswers>) {
  const others = sequencerKeyOf(chain) ? [] : (await door.members()).filter((member) => member !== sponsor)
  const witnesses = others.slice(0, witnessesMax)
  const parts: BeliefParts = {
    chain,
    sources: {
      primary: keepingSource(lightAnswers(door, sponsor), kept),
      witnesses: witnesses.map((member) => lightSource(door, member)),
    },
    now,
  }
  const unforked = async <Value>(believed: Result<Value, BeliefRefusal>): Promise<Result<Value, BeliefRefusal>> => {
    if (believed.ok || believed.reason.type !== 'fork') return believed
    throw await forkRefused(believed.reason, { chain, door, primary: sponsor, witnesses, checkpoint: null })
  }
  const [believe, headers] = [beliefIn(parts), headerBeliefIn(parts)]
  return {
    believe: async (bundle: Uint8Array) => unforked(await believe(bundle)),
    readState: stateReader({
      chain,
      answers: stateAnswers(door, sponsor),
      headers: async (height) => unforked(await headers(height)),
    }),
  }
}

export function refusedStep(code: string, what: string): Refused {
  const advice =
    code === 'change-pending'
      ? 'The change before it is on its way: run `plexus who-looked`, then try again.'
      : code === 'request-stale'
        ? 'Set the clock of this machine.'
        : 'Nothing is lost: the wallet file holds what was signed; try again.'
  return new Refused(code, `${what}: ${code}.`, advice)
}
