/**
 * The bottle's story for a wallet in a browser: its people are played here, act after act, and the patient is whoever has the
 * link. Each act is the one that the telling at the start plays.
 */
import { fromHex } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { ItemKeys } from '@plexus/sdk'
import { fillFromBottle, firstPart, signForPatient, tablets } from './bottle-acts.ts'
import { asker, type Demonstration } from './demonstration.ts'
import { bringGoods, type Goods, holdersOfLot, pharmacy, recallLot, showCounterfeit } from './goods-story.ts'
import type { StepReport } from './story-reports.ts'
import { type Stage, StoryFailed } from './telling.ts'

export const bottleActs = ['make', 'prescribe', 'fill', 'counterfeit', 'recall'] as const
export type BottleAct = (typeof bottleActs)[number]

type Facts = StepReport['facts']

/** What an act left, and the height of the ledger then; `refused` where it was not its turn or did not hold. */
export type ActTold = { readonly facts: Facts; readonly height: number } | { readonly refused: string }

export class BottleDesk {
  readonly pharmacy = pharmacy
  private readonly demonstration: Demonstration
  private readonly random: RandomBytes
  private readonly now: () => number
  private goods: Goods | undefined
  private handle: string | undefined
  private tail: Promise<unknown> = Promise.resolve()

  constructor(parts: {
    readonly demonstration: Demonstration
    readonly random: RandomBytes
    readonly now: () => number
  }) {
    this.demonstration = parts.demonstration
    this.random = parts.random
    this.now = parts.now
  }

  /** One act after the other. `npi`: of the clinician at the desk; `patient`: for `prescribe`, from the wallet. */
  play(act: BottleAct, npi: string, patient: ItemKeys | null): Promise<ActTold> {
    const played = this.tail.then(() => this.acted(act, npi, patient))
    this.tail = played.catch(() => {})
    return played
  }

  private async acted(act: BottleAct, npi: string, patient: ItemKeys | null): Promise<ActTold> {
    const { demonstration, random, now } = this
    const { network } = demonstration
    const stage: Stage = { parts: { demonstration, random, now }, network, clinic: network.node(asker), npi }
    try {
      const facts = await this.factsOf(act, stage, patient)
      return facts ? { facts, height: network.node(asker).store.tip()?.height ?? 0 } : { refused: 'not-its-turn' }
    } catch (error) {
      if (error instanceof StoryFailed) return { refused: error.message }
      throw error
    }
  }

  /** Null where it is not its turn. */
  private async factsOf(act: BottleAct, stage: Stage, patient: ItemKeys | null): Promise<Facts | null> {
    if (act === 'make') {
      const { left, report } = await bringGoods(stage)
      this.goods = left
      this.handle = undefined
      return held(report)
    }
    const { goods, handle } = this
    if (!goods) return null
    if (act === 'prescribe') {
      if (!patient) return null
      const { handle: made, signed, prescribersNamed } = await signForPatient(stage, patient)
      if (signed !== 'accepted') throw new StoryFailed(signed)
      this.handle = made
      return { handle: made, quantity: tablets, prescribersNamed }
    }
    if (handle === undefined) return null
    if (act === 'fill') {
      const { claimed, late, filled } = await fillFromBottle(stage, fromHex(handle), goods)
      const refused = [claimed, filled].find((each) => each !== 'accepted')
      if (refused !== undefined) throw new StoryFailed(refused)
      if (late === 'accepted') throw new StoryFailed('two pharmacies claimed one prescription')
      return { quantity: firstPart, of: tablets }
    }
    if (act === 'counterfeit') return held(await showCounterfeit(stage, goods))
    const holders = await recallLot(stage, goods)
    if (holders !== holdersOfLot) throw new StoryFailed('not every holder answered')
    return { holders }
  }
}

function held({ ok, step, facts }: StepReport): Facts {
  if (!ok) throw new StoryFailed(`${step} did not hold`)
  return facts
}
