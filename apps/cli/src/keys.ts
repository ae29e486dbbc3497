/** A member's keys from a terminal: what stands on the ledger, and the secrets that lie beside the node. */
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, toHex } from '@plexus/codec'
import { keyOfSeed, type MembersTransaction } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import type { NodeDoor } from './node-door.ts'
import { keyIn } from './proposed-action.ts'
import { Refused, type Screen, when } from './screen.ts'
import { Acting, type ActingOptions, type Governance } from './signing.ts'

export interface KeysOptions extends ActingOptions {
  readonly scope?: readonly string[]
  readonly out?: string
  /** Of `rotate`: the key that the node shows to other nodes, instead of the one that signs. */
  readonly transport?: boolean
}

export type KeysAct = 'activate' | 'list' | 'register' | 'revoke' | 'rotate' | 'seat'

export async function keys(
  door: NodeDoor,
  act: KeysAct,
  key: string | undefined,
  options: KeysOptions,
  screen: Screen,
): Promise<void> {
  if (act === 'list') return list(door, options, screen)
  const acting = await Acting.as(door, options)
  if (act === 'rotate') return rotate(acting, options.transport === true ? 'transport' : 'member', screen)
  if (act === 'register') return register(acting, options, screen)
  if (act === 'seat') return nextSeatKey(acting, screen)
  if (key === undefined) throw new Refused('key-needed', 'Which key must be said.', '`plexus keys list` shows them.')
  const type = act === 'activate' ? 'activate-key' : 'revoke-key'
  const { height } = await acting.submit({ type, key: keyIn(key) })
  screen.give({ member: acting.member, did: type, key, height })
  screen.say(`${acting.member}: ${type} is in block ${height}.`)
}

async function list(door: NodeDoor, { member }: KeysOptions, screen: Screen): Promise<void> {
  const names = member === undefined ? await door.members() : [member]
  for (const name of names) {
    const state = await door.must<Governance>(`/v1/members/${name}/ledger/governance`)
    screen.give({ member: name, keys: state.keys })
    screen.say(`${name}:`)
    for (const { key, scopes, status, dueAt } of state.keys)
      screen.say(`  ${key} ${status}${dueAt === null ? '' : `, due at ${when(dueAt)}`}: ${scopes.join(', ')}`)
  }
}

/**
 * The next key takes over. Secrets are put in their places in an order in which a crash loses none: the one after the
 * next is durable before the ledger is told its hash, and the same command goes on where it was.
 */
async function rotate(acting: Acting, which: 'member' | 'transport', screen: Screen): Promise<void> {
  const path = (name: string): string => join(acting.keys, `${name}.secret`)
  const [nextName, afterName] = [`${which}-next`, `${which}-after`]
  const next = acting.seed(nextName)
  if (!existsSync(path(afterName))) writeDurably(path(afterName), new Uint8Array(randomBytes(32)))
  const after = acting.seed(afterName)
  const old = keyOfSeed(acting.seed(which)).key
  const successor = keyOfSeed(next).key
  const isActive = async (): Promise<boolean> =>
    (await acting.state()).keys.some(({ key, status }) => key === toHex(successor) && status === 'active')
  if (!(await isActive())) {
    const rotation: MembersTransaction = { type: 'rotate-key', key: old, successor, next: keyOfSeed(after).hash }
    await acting.submit(rotation, [next])
  }
  // The ledger knows the successor from here on: the old secret is worth nothing any more.
  if (!equalBytes(acting.seed(which), next)) writeDurably(path(which), next)
  renameSync(path(afterName), path(nextName))
  screen.give({ member: acting.member, did: 'rotate-key', key: toHex(successor) })
  screen.say(
    `${acting.member} ${which === 'member' ? 'signs with' : 'shows other nodes'} ${toHex(successor)} from now on; a node that runs takes it up by itself.`,
  )
  screen.say(`Put a copy of ${path(nextName)} where the node cannot reach it.`)
}

/** The next key that signs blocks. It waits until a vote has put it in the seat; the node takes it up when it starts. */
async function nextSeatKey(acting: Acting, screen: Screen): Promise<void> {
  const path = join(acting.keys, 'validator-next.secret')
  if (!existsSync(path)) writeDurably(path, new Uint8Array(randomBytes(32)))
  const key = toHex(keyOfSeed(acting.seed('validator-next')).key)
  const { member } = acting
  const power = (await acting.state()).validators.find((each) => each.member === member)?.power ?? 0
  screen.give({ member, key, power })
  screen.say(`The next key of ${member} for blocks lies at ${path}.`)
  screen.say(`1. plexus govern propose validator ${member} ${key} ${power || 'POWER'}, and the votes of others`)
  screen.say('2. Once it is enacted, start the node anew: it signs with the next key from then on.')
}

/** A further key, for another person or system: its secret, and that of its next one, are made here. */
async function register(acting: Acting, { scope, out }: KeysOptions, screen: Screen): Promise<void> {
  if (scope === undefined || out === undefined)
    throw new Refused('flags-missing', 'A further key needs its scopes and a place.', 'Give --scope and --out FILE.')
  const nextPath = `${out}.next`
  const taken = [out, nextPath].find((path) => existsSync(path))
  if (taken !== undefined) throw new Refused('file-exists', `${taken} is there already.`, 'Give another --out.')
  const [seed, next] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))]
  writeDurably(out, seed)
  writeDurably(nextPath, next)
  const { key } = keyOfSeed(seed)
  const { height } = await acting.submit(
    {
      type: 'register-key',
      holder: acting.member,
      key,
      scopes: [...new Set(scope)].sort() as Extract<MembersTransaction, { readonly type: 'register-key' }>['scopes'],
      next: keyOfSeed(next).hash,
    },
    [seed],
  )
  const known = (await acting.state()).keys.find((each) => each.key === toHex(key))
  screen.give({ member: acting.member, did: 'register-key', height, ...known })
  screen.say(`${toHex(key)} is registered in block ${height}; its secret is ${out}, that of its successor ${nextPath}.`)
  if (known?.dueAt) screen.say(`It signs from ${when(known.dueAt)} on, once: plexus keys activate ${toHex(key)}`)
}
