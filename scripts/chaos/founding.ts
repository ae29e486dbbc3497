/** A network of its own for each run: founded by the node's own command, whose votes take effect at once. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { type Chain, readGenesis } from '@plexus/kernel'
import type { End } from './links.ts'
import { node } from './member.ts'

/** `port`: the first of two for each member. */
export function foundIn(data: string, nodes: number, port: number): Chain {
  const founding = ['--members', String(nodes), '--peer-port', String(port), '--voting-delay', '0']
  const { status } = spawnSync(process.execPath, [...node, 'network', 'init', '--data', data, ...founding, '--json'])
  const genesis = status === 0 ? readGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor')))) : undefined
  if (!genesis?.ok) throw new Error('the network was not founded')
  return genesis.value
}

/** Where the founders' engines are, as the genesis says. */
export function enginesIn({ genesis }: Chain): readonly End[] {
  return genesis.founding.flatMap(({ contract, event }): readonly End[] => {
    const read = contract === members.name ? decode(members.event, event) : undefined
    if (!read?.ok || read.value.type !== 'engine-address-set') return []
    const [, nodeId = '', port] = /^([0-9a-f]{40})@.*:(\d+)$/.exec(read.value.engineAddress) ?? []
    return [{ member: read.value.member, nodeId, port: Number(port) }]
  })
}
