/** What the steps of a story share: the network and its people, the patient's wallet, and how a step is told. */
import type { RandomBytes } from '@plexus/crypto'
import { type Belief, bringBack, createWallet, type Wallet, WalletClient } from '@plexus/sdk'
import { asker, board, type Demonstration, mintNpi } from './demonstration.ts'
import type { MemberNode } from './member-node.ts'
import type { Network } from './network.ts'
import type { StepReport } from './story-reports.ts'
import { comingBackDoor, walletPort } from './wallet-port.ts'
import type { OpenedWallet } from './wallet-store.ts'

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
  readonly openWallet: () => OpenedWallet | undefined
  /** Keeps it; durable when it returns. */
  readonly keepWallet: (wallet: Wallet, taken: ReadonlyMap<string, number>) => void
}

/** A step that takes longer than this has failed; on a quiet machine each takes well under a second. */
export const stepSecondsMax = 60

/** Where the bottle's acts are played, and by whose clinician: in a telling, and at the desk for a visitor's wallet. */
export interface Stage {
  readonly parts: Pick<StoryParts, 'demonstration' | 'now' | 'random'>
  readonly network: Network
  /** Where the clinician prescribes. */
  readonly clinic: MemberNode
  readonly npi: string
}

/** One telling. */
export class Telling implements Stage {
  readonly parts: StoryParts
  readonly custodians: readonly string[]
  readonly client: WalletClient
  readonly bundles: Uint8Array[] = []
  readonly visit: Uint8Array
  readonly npi: string
  readonly believe: Belief
  allHeld = true
  /** A former version kept the wallet: until it came back, what was kept stays as it is. */
  private former: boolean

  constructor(parts: StoryParts) {
    const { demonstration, random, now, patient } = parts
    const { network, directory } = demonstration
    this.parts = parts
    this.custodians = directory.custodiansOf(patient)
    this.visit = random(16)
    this.npi = mintNpi(random)
    const kept = parts.openWallet()
    this.former = kept?.former ?? false
    this.believe = network.beliefAt(board)
    const client: WalletClient = new WalletClient({
      wallet: kept?.wallet ?? createWallet({ chain: network.chain, root: random(32), random }),
      ...(kept && { taken: kept.taken }),
      port: walletPort(network, board, now),
      believe: this.believe,
      readState: network.readStateAt(board),
      keep: (wallet) => {
        if (!this.former) parts.keepWallet(wallet, client.taken)
      },
      heard: (_, notice) => {
        if (notice.type === 'access') this.bundles.push(notice.bundle)
      },
    })
    this.client = client
  }

  /** Brings a wallet back that a former version kept. */
  async begin(): Promise<void> {
    if (!this.former) return
    must(await bringBack(this.client, comingBackDoor(this.network, board), board), 'bringing the wallet back')
    this.former = false
    await this.client.remember(this.client.wallet)
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
