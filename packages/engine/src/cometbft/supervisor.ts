/**
 * Our application and the engine beside it, kept up together. A socket that broke ends the engine, and an engine that
 * ended leaves a socket: whichever of the two goes, both begin anew, later each time, until they stay up for a minute.
 */
import { rmSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { no, ok, type Result, toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import type { Machine, StateReader } from '@plexus/kernel'
import { createLedgerView, type FedLedger } from '../local/ledger-view.ts'
import { type Clock, type LedgerPort, newestTip, type Schedule } from '../local/ports.ts'
import { createApplication, type EngineRefusal, sayEngineRefusal } from './application.ts'
import { type CometMember, createCometMember } from './comet-member.ts'
import { type Connection, type ConnectionRefusal, serveConnection } from './connection.ts'
import {
  applicationSocketOf,
  type EngineHome,
  type EngineHomeRefusal,
  engineTimingDefault,
  prepareEngineHome,
  rpcSocketOf,
  signBehind,
} from './engine-home.ts'
import { type EngineExit, type EngineProcess, endLeftEngine, startEngineProcess } from './engine-process.ts'
import { createBroadcasts, isAbreast, statusBody } from './engine-rpc.ts'
import { createExpulsion } from './expulsion.ts'
import type { AskLight } from './light-blocks.ts'
import { lightBodyOf } from './light-questions.ts'
import type { ProposalRefusal } from './proposal.ts'
import { createQuiet } from './quiet.ts'
import type { Signatures } from './signatures.ts'
import { isWatching } from './signed-last.ts'
import type { SnapshotPort } from './snapshots.ts'
import type { ValidatorSource } from './validator-updates.ts'

/** Sockets are the composition root's: this package opens none. */
export interface EngineSockets {
  /** Resolves when it listens on the Unix socket `file`; each connection is handed over. What comes back ends it. */
  listen(file: string, accept: (stream: Duplex) => void): Promise<() => Promise<void>>
  /** An HTTP POST to `/` on the Unix socket `file`. Rejects when there is no answer of status 200. */
  post(file: string, body: string): Promise<Uint8Array>
}

export type CometStartRefusal =
  | EngineHomeRefusal
  /** Our clock is behind the newest block: the engine would refuse the next ones, and every expiry would be wrong. */
  | { readonly type: 'clock-behind'; readonly seconds: number }

export type EngineEvent =
  | { readonly type: 'engine-started'; readonly process: number | undefined }
  /** It answers: envelopes can be offered. */
  | { readonly type: 'engine-up' }
  | { readonly type: 'engine-ended'; readonly exit: EngineExit; readonly againInMilliseconds: number }
  /** It runs, and no block came for so long: either too many others are gone, or it stands still. It is started anew. */
  | { readonly type: 'engine-still'; readonly seconds: number }
  /** It was connected to so many that belong to the network no more, and begins anew without them. */
  | { readonly type: 'engine-expels'; readonly peers: number }
  /** Nobody knows what its key signed last: it signs nothing before the others have decided the block of this height. */
  | { readonly type: 'engine-watches'; readonly height: number }
  | { readonly type: 'connection-refused'; readonly refusal: ConnectionRefusal }
  | { readonly type: 'proposal-refused'; readonly height: number; readonly refusal: ProposalRefusal }

/** The engine cannot serve this ledger, however often it is started. */
export class EngineUnfit extends Error {
  override readonly name = 'EngineUnfit'
  readonly refusal: EngineRefusal

  constructor(refusal: EngineRefusal) {
    super(sayEngineRefusal(refusal))
    this.refusal = refusal
  }
}

export interface CometEngineOptions {
  readonly home: EngineHome
  /** The file of the engine's program. */
  readonly program: string
  /** Made with `signatures.holds`. */
  readonly machine: Machine
  readonly store: LedgerPort
  /** On that machine and store, where the node has made it before. */
  readonly replica?: FedLedger
  readonly signatures: Signatures
  readonly validators: ValidatorSource
  /** Of the store: what this node offers to those that begin, and how it begins itself. */
  readonly snapshots?: SnapshotPort
  readonly admits: (state: StateReader, nodeId: string) => boolean
  readonly sockets: EngineSockets
  readonly clock: Clock
  readonly schedule: Schedule
  readonly onEvent: (event: EngineEvent) => void
  /** Nothing can go on: the ledger cannot be written, or the engine is not its own. Everything was stopped. */
  readonly onFailure: (error: unknown) => void
  readonly environment?: Readonly<Record<string, string>>
  /** So long without a block, and the engine is started anew; twice as long the next time, until one comes. */
  readonly stillSeconds?: number
}

export interface CometEngine {
  readonly member: CometMember
  readonly isUp: () => boolean
  /** What the engine shows of a block to whoever verifies votes; undefined while it does not answer. */
  readonly askLight: AskLight
  /** Engine first, then our side. The store belongs to who opened it. */
  stop(): Promise<void>
}

/** As the engine's own tolerance: it refuses blocks that are further ahead of its clock. */
const clockBehindSecondsMax = 60
const backOffMilliseconds = 250
const backOffMillisecondsMax = 30_000
/** Whoever stayed up so long is well, and the next trouble is a new one. */
const wellAfterSeconds = 60
/** Many times as long as the longest time between two blocks. */
const stillSecondsDefault = 60
const stillSecondsMax = 900
const lookMilliseconds = 1_000
/** While it comes up it is asked so often whether it is. */
const askMilliseconds = 50
/**
 * Whoever was abreast may be a block behind, and the former self may have signed at the height that the others are about to
 * decide: what they decide beyond, they decided without it.
 */
const watchedBlocks = 2
/** The engine opens four; the command-line client of the engine one more. */
const connectionsMax = 16

export async function startCometEngine(options: CometEngineOptions): Promise<Result<CometEngine, CometStartRefusal>> {
  const { home, machine, store, sockets, clock, schedule, onEvent, stillSeconds = stillSecondsDefault } = options
  let movedAt = 0
  let patience = stillSeconds
  /** The height whose block ends the watching; none is expected while the engine signs, or is not abreast. */
  let watchUntil = Number.POSITIVE_INFINITY
  const view = options.replica ?? createLedgerView({ machine, store, member: home.member })
  const { propose } = home.timing ?? engineTimingDefault
  const application = createApplication({
    ...options,
    quiet: createQuiet(schedule, propose),
    onCommitted(applied) {
      movedAt = clock.now()
      patience = stillSeconds
      view.committed(applied)
      if (applied.tip.height >= watchUntil) engine?.stop()
    },
    onSnapshotMoved() {
      movedAt = clock.now()
    },
    onEngineRefused: (refusal) => fail(new EngineUnfit(refusal)),
    onProposalRefused: (height, refusal) => onEvent({ type: 'proposal-refused', height, refusal }),
  })
  const behind = (store.tip()?.time ?? 0) - clock.now()
  if (behind > clockBehindSecondsMax) return no({ type: 'clock-behind', seconds: Math.ceil(behind) })
  const prepared = prepareEngineHome(home)
  if (!prepared.ok) return prepared

  const rpcSocket = rpcSocketOf(home.directory)
  const broadcasts = createBroadcasts((body) => sockets.post(rpcSocket, body))
  const member = createCometMember({ replica: view, application, broadcasts, clock })
  const connections = new Set<Connection>()
  let engine: EngineProcess | undefined
  let closeListener: (() => Promise<void>) | undefined
  let cancelTimer = (): void => {}
  let cancelWatch = (): void => {}
  const expulsion = createExpulsion({
    post: (body) => sockets.post(rpcSocket, body),
    admits: (nodeId) => options.admits(store, nodeId),
    turn: () => turnOf(options),
    clock,
    schedule,
    onStrangers(peers) {
      onEvent({ type: 'engine-expels', peers })
      engine?.stop()
    },
  })
  let startedAt = 0
  let backOff = backOffMilliseconds
  let up = false
  let stopped = false

  function fail(error: unknown): void {
    if (stopped) return
    stop().then(() => options.onFailure(error))
  }

  async function begin(): Promise<void> {
    endLeftEngine(home.directory)
    for (const file of [applicationSocketOf(home.directory), rpcSocket]) rmSync(file, { force: true })
    application.forget()
    const { height } = newestTip(store)
    if (height >= watchUntil) {
      signBehind(home.directory, height)
      watchUntil = Number.POSITIVE_INFINITY
    }
    closeListener = await sockets.listen(applicationSocketOf(home.directory), accept)
    if (stopped) {
      await end()
      return
    }
    startedAt = clock.now()
    const started = startEngineProcess({
      program: options.program,
      directory: home.directory,
      schedule,
      ...(options.environment && { environment: options.environment }),
      onExit: (exit) => ended(exit),
    })
    engine = started
    onEvent({ type: 'engine-started', process: started.id })
    ask()
    movedAt = startedAt
    watch()
  }

  function accept(stream: Duplex): void {
    if (stopped || connections.size >= connectionsMax) {
      stream.destroy()
      return
    }
    const connection: Connection = serveConnection({
      stream,
      answer: application.answer,
      onRefused: (refusal) => onEvent({ type: 'connection-refused', refusal }),
      onFailure: fail,
      onClosed: () => connections.delete(connection),
    })
    connections.add(connection)
  }

  /** Whether it takes envelopes yet. */
  function ask(): void {
    const asked = engine
    cancelTimer = schedule(() => {
      sockets
        .post(rpcSocket, statusBody)
        .then(isAbreast, () => false)
        .then((abreast) => {
          if (engine !== asked || stopped) return
          if (!abreast) {
            ask()
            return
          }
          up = true
          onEvent({ type: 'engine-up' })
          watchOthers()
          expulsion.begin()
          // Its mempool is memory: what waited in it is gone.
          member.sendAgain()
        })
    }, askMilliseconds)
  }

  function watchOthers(): void {
    if (!isWatching(home.directory) || Number.isFinite(watchUntil)) return
    watchUntil = newestTip(store).height + watchedBlocks
    onEvent({ type: 'engine-watches', height: watchUntil })
  }

  /** After a failure of its own the engine's consensus stands, and its process goes on as if nothing were. */
  function watch(): void {
    cancelWatch = schedule(() => {
      const seconds = clock.now() - movedAt
      if (seconds < patience) {
        watch()
        return
      }
      patience = Math.min(2 * patience, stillSecondsMax)
      onEvent({ type: 'engine-still', seconds: Math.floor(seconds) })
      engine?.stop()
    }, lookMilliseconds)
  }

  function ended(exit: EngineExit): void {
    engine = undefined
    up = false
    cancelTimer()
    cancelWatch()
    expulsion.end()
    if (stopped) return
    const unfit = unfitBy(exit)
    if (unfit) {
      fail(new EngineUnfit(unfit))
      return
    }
    if (clock.now() - startedAt >= wellAfterSeconds) backOff = backOffMilliseconds
    const againInMilliseconds = backOff
    backOff = Math.min(2 * backOff, backOffMillisecondsMax)
    onEvent({ type: 'engine-ended', exit, againInMilliseconds })
    end().then(() => {
      if (stopped) return
      cancelTimer = schedule(() => {
        begin().catch(fail)
      }, againInMilliseconds)
    }, fail)
  }

  /** Our side of one run of the engine. */
  async function end(): Promise<void> {
    const close = closeListener
    closeListener = undefined
    for (const connection of [...connections]) connection.close()
    await close?.()
  }

  async function stop(): Promise<void> {
    stopped = true
    up = false
    cancelTimer()
    cancelWatch()
    expulsion.end()
    await engine?.stop()
    await end()
    view.stop()
  }

  await begin()
  return ok({
    member,
    isUp: () => up,
    askLight: (question) => sockets.post(rpcSocket, lightBodyOf(question)).catch(() => undefined),
    stop,
  })
}

/** The place of the own key among those that sign, which every node orders alike; whoever signs nothing waits for nobody. */
function turnOf({ home, store, validators }: CometEngineOptions): number {
  const own = toHex(publicKeyOf(home.validatorSeed))
  const keys = validators.seats(store).map(({ key }) => toHex(key))
  return Math.max(0, keys.sort().indexOf(own))
}

/** What it said when it ended, where no further start could help (CometBFT `state/errors.go`, `consensus/replay.go`). */
function unfitBy({ lastWords }: EngineExit): EngineRefusal | undefined {
  const [, ours, its] = /app block height \((\d+)\) is higher than core \((\d+)\)/.exec(lastWords) ?? []
  if (ours !== undefined) return { type: 'engine-behind', ours: Number(ours), its: Number(its) }
  if (lastWords.includes('state.AppHash does not match AppHash after replay')) return { type: 'engine-differs' }
  return undefined
}

export function sayClockBehind(seconds: number): string {
  return `this machine's clock is ${seconds} s behind the newest block: set it (NTP) before the node starts`
}
