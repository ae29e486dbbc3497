/** A wallet that reaches the members of a test's world over HTTP, enrolled at the hospital with a code from its desk. */
import { no, ok } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { createWallet, type HttpDoor, httpPort, stateAnswers, stateReader, WalletClient } from '@plexus/sdk'
import { expect } from 'vitest'
import { board, hospital, patient, type World } from './world.testing.ts'

export const now = (): number => Math.floor(Date.now() / 1000)
export const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

export async function enrolled(world: World, made: WalletClient = walletAt(world)): Promise<WalletClient> {
  const code = await world.network.node(hospital).exchange.run(({ door }) => door.issueCode(hospital, patient))
  expect(await made.enrol(hospital, code, board)).toMatchObject({ ok: true })
  return made
}

export function doorOf(world: World): HttpDoor {
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(world.url + path, init)
    return { response, bytes: new Uint8Array(await response.arrayBuffer()) }
  }
  const door = {
    async must<Value>(path: string) {
      return (await (await fetch(world.url + path)).json()) as Value
    },
    async json<Value>(path: string, sent: { readonly json?: object } = {}) {
      const body = sent.json && { method: 'POST', body: JSON.stringify(sent.json) }
      const { response, bytes } = await send(path, { ...body, headers: { 'content-type': 'application/json' } })
      const value = JSON.parse(new TextDecoder().decode(bytes))
      return response.ok ? ok(value as Value) : no({ type: value.refusal ?? value.code })
    },
    async ask(path: string, { octets }: { readonly octets: Uint8Array }) {
      const headers = { 'content-type': 'application/octet-stream' }
      const { response, bytes } = await send(path, { method: 'POST', headers, body: new Uint8Array(octets) })
      return response.ok ? ok(bytes) : no({ type: JSON.parse(new TextDecoder().decode(bytes)).code })
    },
  }
  return door
}

export function walletAt(world: World, root: Uint8Array = systemRandom(32)): WalletClient {
  const { chain } = world.network
  const door = doorOf(world)
  return new WalletClient({
    wallet: createWallet({ chain, root, random: systemRandom }),
    port: httpPort({ door, sponsor: board, now, pause }),
    readState: stateReader({
      chain,
      answers: stateAnswers(door, board),
      headers: async () => no({ type: 'no-witness-agrees' }),
    }),
  })
}
