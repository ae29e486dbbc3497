/**
 * The state machine behind ABCI 2.0 (CometBFT `spec/abci` of v0.38). A block is executed in memory at FinalizeBlock and
 * becomes durable at Commit, in one write; whatever dies in between, the engine plays the block again and finds the same.
 */
import { encode, equalBytes, ok } from '@plexus/codec'
import {
  type AppliedBlock,
  type CometHeader,
  chainNameOf,
  type Machine,
  outcome as outcomeSchema,
  type Refusal,
  readEnvelope,
  type StateReader,
  signedHeader,
  transactionsRoot,
} from '@plexus/kernel'
import {
  type RequestCheckTx,
  type RequestFinalizeBlock,
  type RequestInfo,
  type RequestInitChain,
  type RequestPrepareProposal,
  type RequestProcessProposal,
  type RequestQuery,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types'
import { type Clock, foundOnce, type LedgerPort, newestTip } from '../local/ports.ts'
import { appStateOf, appVersion } from './genesis-document.ts'
import type { AbciRequest, AbciResponse } from './messages.ts'
import { misbehaviourIn } from './misbehaviour.ts'
import { type ProposalRefusal, prepared, proposalRefusal, tooMany } from './proposal.ts'
import type { Quiet } from './quiet.ts'
import { nameOf, type Signatures } from './signatures.ts'
import { answerSnapshots, type SnapshotPort } from './snapshots.ts'
import { type Seat, updatesOfBlock, type ValidatorSource, validatorUpdates } from './validator-updates.ts'

/** The engine beside us belongs to something else. It is told, and stops. */
export type EngineRefusal =
  | { readonly type: 'abci-version'; readonly expected: string; readonly came: string }
  | { readonly type: 'other-chain'; readonly expected: string; readonly came: string }
  | { readonly type: 'other-genesis' }
  | { readonly type: 'no-validators' }
  /** Its directory ends before our ledger does: an older one was put back. */
  | { readonly type: 'engine-behind'; readonly ours: number; readonly its: number }
  /** Its directory was written beside a ledger that computed something else. */
  | { readonly type: 'engine-differs' }

export interface ApplicationOptions {
  /** Made with `signatures.holds`, so that a block verifies nothing again. */
  readonly machine: Machine
  readonly store: LedgerPort
  readonly signatures: Signatures
  readonly validators: ValidatorSource
  /** Whether the node of this id (hexadecimal, 40 digits) may connect, as the ledger stands. */
  readonly admits: (state: StateReader, nodeId: string) => boolean
  /** For the mempool's checks alone: blocks bring their own time. */
  readonly clock: Clock
  /** Hears of each block once it is durable. */
  readonly onCommitted: (applied: AppliedBlock) => void
  readonly onEngineRefused: (refusal: EngineRefusal) => void
  /** A proposal was voted against: somebody's node is broken, or lies. */
  readonly onProposalRefused?: (height: number, refusal: ProposalRefusal) => void
  /** Without it an empty proposal waits for nothing. */
  readonly quiet?: Quiet
  /** Without it this node offers no snapshots, and begins from none. */
  readonly snapshots?: SnapshotPort
  /** A snapshot was offered to this node, or a part of it came. */
  readonly onSnapshotMoved?: () => void
}

export interface Application {
  answer(request: AbciRequest): AbciResponse | Promise<AbciResponse>
  /** Why the mempool's check refused just these bytes, when it did so lately. */
  refusalOf(envelope: Uint8Array): Refusal | undefined
  /** Drops what was executed and not committed: an engine that starts anew plays it again. */
  forget(): void
}

const abciVersion = '2.0.0'
const software = 'plexus'
/** Refusals that callers have not fetched yet; each is some hundred bytes. */
const refusalsMax = 10_000
/** Codes of a query; the engine reads 0 as consent. */
const queryRefused = 1

const nothing = new Uint8Array(0)

interface Executed {
  readonly applied: AppliedBlock
  readonly header: Uint8Array
  /** Of its envelopes. */
  readonly names: readonly string[]
}

export function createApplication(options: ApplicationOptions): Application {
  const { machine, store, signatures, validators, admits, clock, onCommitted, onEngineRefused } = options
  foundOnce(machine, store)
  /** What the next Commit makes durable. */
  let executed: Executed | undefined
  const refusals = new Map<string, Refusal>()
  const snapshots = answerSnapshots(options.snapshots, {
    height: () => newestTip(store).height,
    onMoved: options.onSnapshotMoved,
  })

  function refuseEngine(refusal: EngineRefusal): AbciResponse {
    onEngineRefused(refusal)
    return { type: 'exception', value: { error: sayEngineRefusal(refusal) } }
  }

  function info(asked: RequestInfo): AbciResponse {
    if (asked.abciVersion !== '' && asked.abciVersion !== abciVersion)
      return refuseEngine({ type: 'abci-version', expected: abciVersion, came: asked.abciVersion })
    const { height, appHash } = newestTip(store)
    return {
      type: 'info',
      value: {
        data: software,
        version: '',
        appVersion: appVersion,
        lastBlockHeight: BigInt(height),
        lastBlockAppHash: height === 0 ? nothing : appHash,
      },
    }
  }

  /** May come again after a crash before the first block: it changes nothing. */
  function initChain(asked: RequestInitChain): AbciResponse {
    const { chain } = machine
    const expected = chainNameOf(chain)
    if (asked.chainId !== expected) return refuseEngine({ type: 'other-chain', expected, came: asked.chainId })
    const sameGenesis =
      equalBytes(asked.appStateBytes, appStateOf(chain)) &&
      asked.initialHeight === 1n &&
      asked.time.seconds === BigInt(chain.genesis.time)
    if (!sameGenesis || newestTip(store).height !== 0) return refuseEngine({ type: 'other-genesis' })
    const seats = validatorUpdates([], validators.seats(store))
    if (seats.length === 0) return refuseEngine({ type: 'no-validators' })
    return { type: 'initChain', value: { validators: seats.map(updateOf), appHash: newestTip(store).appHash } }
  }

  async function checkTx({ tx }: RequestCheckTx): Promise<AbciResponse> {
    // The socket's memory is not ours to keep.
    const bytes = new Uint8Array(tx)
    const name = nameOf(bytes)
    const known = signatures.checked(name)
    const read = known ? ok(known.envelope) : readEnvelope(bytes)
    const now = Math.floor(clock.now())
    // Whoever has used its share up is told before anything of it is verified.
    const over = read.ok ? machine.quotaRefusal(store, read.value, now) : undefined
    if (over) {
      remember(name, over)
      return checkAnswer(over)
    }
    if (read.ok) await signatures.verify(name, bytes, read.value)
    const checked = machine.check(store, bytes, now, read)
    if (!checked.ok) {
      remember(name, checked.reason)
      return checkAnswer(checked.reason)
    }
    signatures.keep(name, checked.value)
    options.quiet?.arrived()
    return checkAnswer(undefined)
  }

  function remember(name: string, refusal: Refusal): void {
    refusals.set(name, refusal)
    for (const oldest of refusals.keys()) {
      if (refusals.size <= refusalsMax) break
      refusals.delete(oldest)
    }
  }

  const readAlready = (name: string) => signatures.checked(name)?.envelope

  async function prepareProposal({ txs, maxTxBytes }: RequestPrepareProposal): Promise<AbciResponse> {
    if (txs.length === 0) await options.quiet?.wait()
    return { type: 'prepareProposal', value: { txs: [...prepared(txs, Number(maxTxBytes), readAlready)] } }
  }

  async function processProposal({ txs, height }: RequestProcessProposal): Promise<AbciResponse> {
    // Nobody proposes so many: they are not worth a look at each.
    const refusal = tooMany(txs) ?? proposalRefusal(await signatures.verified(txs))
    if (refusal) options.onProposalRefused?.(Number(height), refusal)
    const { ACCEPT, REJECT } = ResponseProcessProposal_ProposalStatus
    return { type: 'processProposal', value: { status: refusal ? REJECT : ACCEPT } }
  }

  async function finalizeBlock(asked: RequestFinalizeBlock): Promise<AbciResponse> {
    // Those that came with no proposal, as in a replay, are verified in threads before the block is judged.
    const verified = await signatures.verified(asked.txs)
    const { time: before, appHash } = newestTip(store)
    const transactions = asked.txs.map((each) => new Uint8Array(each))
    const height = Number(asked.height)
    // BFT time rises by itself; whole seconds of it never fall.
    const time = Math.max(before, Number(asked.time.seconds))
    const root = transactionsRoot(transactions)
    const checked = verified.map(({ name }) => signatures.checked(name))
    const misbehaviour = misbehaviourIn(asked.misbehavior)
    const applied = machine.apply(store, { height, time, transactions, root, misbehaviour }, checked)
    const header: CometHeader = {
      type: 'cometbft',
      chain: machine.chain.id,
      height,
      time: Number(asked.time.seconds),
      nanoseconds: asked.time.nanos,
      hash: asked.hash,
      appHash,
      transactionsRoot: root,
      nextValidatorsHash: asked.nextValidatorsHash,
      proposer: asked.proposerAddress,
    }
    const kept = encode(signedHeader, { header, signature: null })
    executed = { applied, header: kept, names: verified.map(({ name }) => name) }
    return {
      type: 'finalizeBlock',
      value: {
        events: [],
        txResults: applied.outcomes.map((each) => ({
          code: each.code,
          // With the code it is all of an outcome that the engine hashes.
          data: encode(outcomeSchema, each),
          log: '',
          info: '',
          gasWanted: 0n,
          gasUsed: 0n,
          events: [],
          codespace: each.space,
        })),
        validatorUpdates: updatesOfBlock(validators, store, applied.changes).map(updateOf),
        appHash: applied.tip.appHash,
      },
    }
  }

  function commit(): AbciResponse {
    if (executed?.applied.tip.height !== newestTip(store).height + 1) throw new Error('a commit came without its block')
    const { applied, header, names } = executed
    executed = undefined
    store.commit(applied, header)
    signatures.forget(names)
    // Durable from here on: whoever waits may act on it.
    onCommitted(applied)
    return { type: 'commit', value: { retainHeight: 0n } }
  }

  function query({ path }: RequestQuery): AbciResponse {
    const id = path.match(/^\/p2p\/filter\/id\/([0-9a-f]{40})$/)?.[1]
    // An address proves nothing, and members move: the key does.
    const consents = id ? admits(store, id) : path.startsWith('/p2p/filter/addr/')
    return {
      type: 'query',
      value: {
        code: consents ? 0 : queryRefused,
        log: '',
        info: '',
        index: 0n,
        key: nothing,
        value: nothing,
        height: BigInt(newestTip(store).height),
        codespace: '',
      },
    }
  }

  function answer(request: AbciRequest): AbciResponse | Promise<AbciResponse> {
    switch (request.type) {
      case 'echo':
        return { type: 'echo', value: { message: request.value.message } }
      case 'flush':
        return { type: 'flush', value: {} }
      case 'info':
        return info(request.value)
      case 'initChain':
        return initChain(request.value)
      case 'checkTx':
        return checkTx(request.value)
      case 'prepareProposal':
        return prepareProposal(request.value)
      case 'processProposal':
        return processProposal(request.value)
      case 'finalizeBlock':
        return finalizeBlock(request.value)
      case 'commit':
        return commit()
      case 'query':
        return query(request.value)
      case 'extendVote':
        return { type: 'extendVote', value: { voteExtension: nothing } }
      case 'verifyVoteExtension': {
        const { ACCEPT, REJECT } = ResponseVerifyVoteExtension_VerifyStatus
        const status = request.value.voteExtension.length === 0 ? ACCEPT : REJECT
        return { type: 'verifyVoteExtension', value: { status } }
      }
      case 'listSnapshots':
        return snapshots.list()
      case 'offerSnapshot':
        return snapshots.offer(request.value)
      case 'loadSnapshotChunk':
        return snapshots.load(request.value)
      case 'applySnapshotChunk':
        return snapshots.apply(request.value)
      case 'insertTx':
      case 'reapTxs':
        return { type: request.type }
    }
  }

  return {
    answer,
    refusalOf: (envelope) => refusals.get(nameOf(envelope)),
    forget() {
      executed = undefined
    },
  }
}

const updateOf = ({ key, power }: Seat) => ({ pubKey: { ed25519: key }, power: BigInt(power) })

function checkAnswer(refusal: Refusal | undefined): AbciResponse {
  return {
    type: 'checkTx',
    value: {
      code: refusal?.code ?? 0,
      data: nothing,
      log: refusal?.says ?? '',
      info: '',
      gasWanted: 0n,
      gasUsed: 0n,
      events: [],
      codespace: refusal?.space ?? '',
    },
  }
}

/** For whoever runs the node: what does not fit, and what to do. */
export function sayEngineRefusal(refusal: EngineRefusal): string {
  switch (refusal.type) {
    case 'abci-version':
      return `the engine speaks ABCI ${refusal.came}, this node ABCI ${refusal.expected}: build the engine that this release pins`
    case 'other-chain':
      return `the engine's directory belongs to the chain ${refusal.came}, this node's ledger to ${refusal.expected}: one of them is another network's`
    case 'other-genesis':
      return 'the genesis of the engine is not the one that follows from the ledger: found the engine’s directory again, or restore the one that belongs to this ledger'
    case 'no-validators':
      return 'the genesis document names no validator: a network needs one at least'
    case 'engine-behind':
      return `the engine's directory ends at block ${refusal.its}, the ledger at ${refusal.ours}: an older one was put back. Put back the one that belongs to this ledger, or both from before; keep the newest data/priv_validator_state.json`
    case 'engine-differs':
      return 'the engine’s directory was written beside a ledger with another application hash: one of them was changed. Put both back from before, and keep the newest data/priv_validator_state.json'
  }
}
