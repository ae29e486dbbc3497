/** What the steps of a story share: the network and its people, the patient's wallet, and how a step is told. */
import type { RandomBytes } from '@plexus/crypto'
import type { Notice } from '@plexus/policy'
import { type Belief, createWallet, type Wallet, WalletClient } from '@plexus/sdk'
import { asker, board, type Demonstration, mintNpi } from './demonstration.ts'
import type { StepReport } from './story-reports.ts'
import { walletPort } from './wallet-port.ts'

export class StoryFailed extends Error {
  override readonly name = 'StoryFailed'
}

export interface StoryParts {
  readonly demonstration: Demonstration
  readonly patient: string
  readonly random: RandomBytes
  readonly now: () => number
  readonly tell: (report: StepReport) => void
  /** The wallet that was kept for this patient, if any. */
  readonly openWallet: () => { readonly wallet: Wallet; readonly taken: ReadonlyMap<string, number> } | undefined
  /** Keeps it; durable when it returns. */
  readonly keepWallet: (wallet: Wallet, taken: ReadonlyMap<string, number>) => void
}

/** A step that takes longer than this has failed; on a quiet machine each takes well under a second. */
export const stepSecondsMax = 60

/** What the book of a contract told the wallet. */
export type BookWord = Extract<Notice, { readonly type: 'book' }>

/** One telling. */
export class Telling {
  readonly parts: StoryParts
  readonly custodians: readonly string[]
  readonly client: WalletClient
  readonly bundles: Uint8Array[] = []
  readonly words: BookWord[] = []
  readonly visit: Uint8Array
  readonly npi: string
  readonly believe: Belief
  allHeld = true

  constructor(parts: StoryParts) {
    const { demonstration, random, now, patient } = parts
    const { network, directory } = demonstration
    this.parts = parts
    this.custodians = directory.custodiansOf(patient)
    this.visit = random(16)
    this.npi = mintNpi(random)
    const kept = parts.openWallet()
    this.believe = network.beliefAt(board)
    const client: WalletClient = new WalletClient({
      wallet: kept?.wallet ?? createWallet({ chain: network.chain, root: random(32), random }),
      ...(kept && { taken: kept.taken }),
      port: walletPort(network, board, now),
      believe: this.believe,
      keep: (wallet) => parts.keepWallet(wallet, client.taken),
      heard: (_, notice) => {
        if (notice.type === 'access') this.bundles.push(notice.bundle)
        if (notice.type === 'book') this.words.push(notice)
      },
    })
    this.client = client
  }

  get network() {
    return this.parts.demonstration.network
  }

  get clinic() {
    return this.network.node(asker)
  }

  nameOf(custodian: string): string {
    return `${this.parts.demonstration.directory.nameOf(custodian)} (${custodian})`
  }

  step(report: StepReport): void {
    this.allHeld = this.allHeld && report.ok
    this.parts.tell(report)
  }
}

/** For a step that the story cannot go on without. */
export function must(
  result: { readonly ok: boolean; readonly reason?: { readonly type: string } },
  what: string,
): void {
  if (!result.ok) throw new StoryFailed(`${what} was refused: ${result.reason?.type ?? 'no reason'}`)
}
