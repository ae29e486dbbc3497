/** Who belongs to the network and what it decided changes in the middle of accesses: a tenant joins, keys are replaced, members vote. */
import { toHex } from '@plexus/codec'
import { type MembersAction, members } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import type { Actions } from './actions.ts'
import type { Chance } from './chance.ts'
import { nextSeedOf } from './founding.ts'
import type { SimulatedNode } from './node.ts'
import type { World } from './world.ts'

const holdProbability = 0.6
/** Other lengths of life of an intent than those that worlds are founded with. */
const intentSecondsVoted = [30, 45, 90] as const

export class Membership {
  private readonly world: World
  private readonly chance: Chance
  private readonly actions: Actions

  constructor(world: World, actions: Actions) {
    this.world = world
    this.chance = world.chance.stream('membership')
    this.actions = actions
  }

  private get view() {
    return viewOf(members, this.world.watch.ledger)
  }

  private keyStatus(key: Uint8Array): string | undefined {
    return members.queries.keyOf(this.view, toHex(key))?.status
  }

  /** A practice becomes a tenant of a member, brings its charts, and its patients enrol there. */
  join(): void {
    const { world } = this
    const { joining } = world.founding
    if (!joining) return
    const { id, seed, host } = joining
    const key = publicKeyOf(seed)
    world.people.begin(async () => {
      await this.actions.suspensions.until(
        () => members.queries.hostOf(this.view, id) === host,
        () => this.actions.suspensions.transact(host, members, { type: 'register-tenant', tenant: id }),
      )
      await this.actions.suspensions.until(
        () => this.keyStatus(key) === 'active',
        () => this.registerOfTenant(host, id, seed),
      )
      world.node(host).takeOn({ id, seed })
      world.tenantJoined = true
      world.tell(`${id} joins at ${host}`)
      world.count('tenant joined')
      for (const patient of world.patients) {
        const records = patient.founded.charts.get(id)
        if (!records) continue
        await world.bring(id, patient.id, records)
        patient.alone((client) => patient.enrol(client, id))
      }
    })
  }

  /** A member or a tenant gets a new key. */
  rotate(): void {
    const holders = [...this.world.nodes.values()].flatMap((node) =>
      node.organisations.map(({ id, seed }) => ({ node, id, seed })),
    )
    const { node, id, seed } = this.chance.pick(holders)
    if (this.chance.happens(holdProbability)) this.hold(node)
    if (id === node.name) this.rotateMember(node, seed)
    else this.replaceOfTenant(node, id, seed)
  }

  /** What the node signs under the old key stays on its way until there is another; where it can, a correction is among it. */
  private hold(node: SimulatedNode): void {
    const { world } = this
    const ways = [...world.nodes.keys()].filter((name) => name !== node.name).map((name) => `${node.name} ${name}`)
    for (const way of ways) world.cutWays.add(way)
    for (const { id } of node.organisations)
      if (this.actions.receivedInError(id)) world.count('corrected while a key is replaced')
    world.timeline.after(this.chance.between(5, 30) * 1000, () => {
      for (const way of ways) world.cutWays.delete(way)
    })
  }

  /** By the successor that the key names: the old key is revoked in the same step. */
  private rotateMember(node: SimulatedNode, seed: Uint8Array): void {
    const { world } = this
    const old = publicKeyOf(seed)
    const successor = nextSeedOf(seed)
    const rotation = {
      type: 'rotate-key',
      key: old,
      successor: publicKeyOf(successor),
      next: handleOf(publicKeyOf(nextSeedOf(successor))),
    } as const
    world.people.begin(async () => {
      await this.actions.suspensions.until(
        () => this.keyStatus(rotation.successor) === 'active',
        () => this.actions.suspensions.transact(node.name, members, rotation, [successor]),
      )
      node.seeds.set(node.name, successor)
      world.tell(`${node.name} signs with its next key`)
      world.supervisor.renew(node)
      world.require(this.keyStatus(old) === 'revoked', 'membership: a rotated key is still good')
      world.count('key replaced: member')
    })
  }

  /** For a while both are good, then the old one is revoked. */
  private replaceOfTenant(node: SimulatedNode, id: string, before: Uint8Array): void {
    const { world, chance } = this
    const old = publicKeyOf(before)
    const seed = chance.bytes(32)
    world.people.begin(async () => {
      await this.actions.suspensions.until(
        () => this.keyStatus(publicKeyOf(seed)) === 'active',
        () => this.registerOfTenant(node.name, id, seed),
      )
      node.seeds.set(id, seed)
      world.tell(`${id} signs with a new key`)
      world.supervisor.renew(node)
      await world.people.pause(chance.between(0, 15))
      await this.actions.suspensions.until(
        () => this.keyStatus(old) === 'revoked',
        () => this.actions.suspensions.transact(node.name, members, { type: 'revoke-key', key: old }),
      )
      world.tell(`the old key of ${id} is revoked`)
      world.count('key replaced: tenant')
    })
  }

  private registerOfTenant(host: string, holder: string, seed: Uint8Array): Promise<void> {
    const key = publicKeyOf(seed)
    return this.actions.suspensions.transact(
      host,
      members,
      { type: 'register-key', holder, key, scopes: ['custodian'], next: null },
      [seed],
    )
  }

  /** The members vote on another policy, which comes into force while requests are on their way. */
  vote(): void {
    const { world, chance } = this
    const { profile, parameters, version } = members.queries.policy(this.view)
    const action: MembersAction = chance.happens(0.5)
      ? { type: 'set-profile', profile: profile === 'us' ? 'opt-in' : 'us' }
      : { type: 'set-parameters', parameters: { ...parameters, intentSecondsMax: chance.pick(intentSecondsVoted) } }
    world.people.begin(async () => {
      await this.actions.suspensions.until(
        () => members.queries.policy(this.view).version > version,
        () => this.furtherVote(action),
      )
      world.tell(`the members decided: ${action.type}`)
      world.count(`voted: ${action.type}`)
    })
  }

  /** Whatever is next: it is proposed, everybody votes, and once it is due it is enacted. */
  private async furtherVote(action: MembersAction): Promise<void> {
    const { world } = this
    const active = world.founding.members.filter(({ name }) => members.queries.isActive(this.view, name))
    const [first] = active
    const open = members.queries.proposals(this.view).find((each) => each.action.type === action.type)
    if (!first) return
    if (!open) return this.actions.suspensions.transact(first.name, members, { type: 'propose', action })
    const { proposal, dueAt } = open
    // Whoever stands again after a suspension has a vote that counts, and is asked for it, also during the delay.
    if (dueAt === null || !members.queries.tallyOf(this.view, proposal).passes)
      for (const { name } of active)
        await this.actions.suspensions.transact(name, members, { type: 'vote', proposal, inFavour: true })
    else if (world.sequencerLedger.tipTime >= dueAt)
      await this.actions.suspensions.transact(first.name, members, { type: 'enact', proposal })
  }
}
