/** What suspends people and members while a request is under way, and lets them stand again later. */
import { encode, type Schema } from '@plexus/codec'
import { type MembersAction, type MembersTransaction, members, practitioners } from '@plexus/contracts'
import type { SubmitAnswer } from '@plexus/engine'
import { sealEnvelope, type Variant, viewOf } from '@plexus/kernel'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

const envelopeSeconds = 120
const attemptsMax = 40
const triesMax = 400
const triesPauseSeconds = 2

export class Suspensions {
  private readonly world: World
  private readonly chance: Chance
  private readonly askAgain: () => void

  constructor(world: World, chance: Chance, askAgain: () => void) {
    this.world = world
    this.chance = chance
    this.askAgain = askAgain
  }

  licence(): void {
    const { npi } = this.chance.pick(this.world.founding.clinicians)
    this.meanwhile(
      'licence suspended',
      practitioners,
      [this.world.founding.board],
      () => ({ type: 'suspend-licence' as const, npi }),
      () => ({ type: 'reinstate-licence' as const, npi }),
    )
  }

  role(): void {
    const { npi, organisation } = this.chance.pick(this.world.founding.clinicians)
    this.meanwhile(
      'role suspended',
      practitioners,
      [organisation],
      () => ({ type: 'suspend-role' as const, npi, organisation }),
      () => ({ type: 'reinstate-role' as const, npi, organisation }),
    )
  }

  member(member = this.chance.pick(this.world.founding.requesters)): void {
    const voters = this.world.founding.members.map(({ name }) => name)
    const decided = (type: 'reinstate-member' | 'suspend-member') => () => this.voteOn({ type, member })
    // More than two thirds of those who stand must agree: who stands again meanwhile is one of them, and is asked then.
    const stands = (): boolean => members.queries.isActive(viewOf(members, this.world.watch.ledger), member)
    this.meanwhile('member suspended', members, voters, decided('suspend-member'), decided('reinstate-member'), stands)
  }

  /** Whoever comes first proposes, and all others vote for that proposal. */
  private voteOn(action: Extract<MembersAction, { type: 'reinstate-member' | 'suspend-member' }>): MembersTransaction {
    const open = members.queries.proposals(viewOf(members, this.world.watch.ledger))
    const same = open.find(({ action: each }) => each.type === action.type && each.member === action.member)
    return same ? { type: 'vote', proposal: same.proposal, inFavour: true } : { type: 'propose', action }
  }

  /** Something is suspended while a request for which it matters is on its way, and stands again later. */
  private meanwhile<Tx extends Variant>(
    what: string,
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    by: readonly string[],
    before: () => Tx,
    after: () => Tx,
    isOver?: () => boolean,
  ): void {
    const { world } = this
    const pairs = world.founding.requesters.flatMap((each) =>
      world.founding.members
        .filter(({ name }) => name !== each)
        .flatMap(({ name }) => [`${each} ${name}`, `${name} ${each}`]),
    )
    const held = this.chance.happens(0.7)
    if (held) for (const pair of pairs) world.cutWays.add(pair)
    this.askAgain()
    this.askAgain()
    world.people.begin(async () => {
      await world.people.pause(held ? 4 : 1)
      for (const member of by) await this.transact(member, contract, before())
      world.tell(what)
      world.count(what)
      if (held) for (const pair of pairs) world.cutWays.delete(pair)
      await world.people.pause(this.chance.between(10, 30))
      // The one who was suspended cannot vote; those who can do it for all.
      const undo = async (): Promise<void> => {
        for (const member of by) await this.transact(member, contract, after())
      }
      await (isOver ? this.until(isOver, undo) : undo())
    })
  }

  /** Tries until the ledger says so. */
  async until(done: () => boolean, attempt: () => Promise<void>): Promise<void> {
    for (let tries = 0; tries < triesMax && !done(); tries++) {
      await attempt()
      if (!done()) await this.world.people.pause(triesPauseSeconds)
    }
    this.world.require(done(), 'membership: a change that is allowed does not come about')
  }

  /** A transaction of a member, and of whoever signs besides, sent until its replica has it, whatever the outcome there. */
  async transact<Tx extends Variant>(
    member: string,
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    transaction: Tx,
    besides: readonly Uint8Array[] = [],
  ): Promise<void> {
    const { world } = this
    const node = world.node(member)
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const envelope = sealEnvelope(
        {
          chain: world.founding.chain.id,
          sponsor: member,
          nonce: this.chance.bytes(16),
          validUntil: Math.floor(world.now) + envelopeSeconds,
          contract: contract.name,
          transaction: encode(contract.transaction, transaction),
        },
        [node.seed, ...besides],
      )
      const answer = await world.people.wait<SubmitAnswer | undefined>((resume) => {
        if (!world.offer(node, envelope, resume)) resume(undefined)
      })
      if (answer?.ok || answer?.reason.type === 'refused') return
      await world.people.pause(2)
    }
  }
}
