/** Every route of the document, with what must neither change the process nor come back out of it. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@plexus/crypto'
import { bearerProtocol, eventsProtocol, submitProtocol } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket as Socket } from 'ws'
import { Custodians } from '../custodians.ts'
import { Directory } from '../directory.ts'
import { importFiles } from '../import.ts'
import { clinic, hospital, startWorld, type World } from './world.testing.ts'

interface Door {
  readonly method: string
  readonly path: string
  readonly media: string | null
}

let world: World
let doors: readonly Door[] = []

beforeAll(async () => {
  world = await startWorld()
  const { paths } = (await (await fetch(`${world.url}/openapi.json`)).json()) as {
    readonly paths: Readonly<
      Record<string, Readonly<Record<string, { readonly requestBody?: { readonly content: object } }>>>
    >
  }
  doors = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      media: Object.keys(requestBody?.content ?? {})[0] ?? null,
    })),
  )
})
afterAll(() => world.close())

/** A door's address with every placeholder filled, the member's own name aside. */
const filled = ({ path }: Door, value: string): string =>
  `${world.url}${path.replace('{member}', hospital).replaceAll(/\{[^}]+\}/g, encodeURIComponent(value))}`

interface Answered {
  readonly door: string
  readonly status: number
  readonly text: string
}

async function knock(door: Door, value: string, body: string | Uint8Array, query = ''): Promise<Answered> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${world.tokens[hospital]}`,
    ...(door.media && { 'content-type': door.media }),
  }
  const response = await fetch(`${filled(door, value)}${query}`, {
    method: door.method,
    headers,
    ...(door.method === 'POST' && { body: typeof body === 'string' ? body : Uint8Array.from(body) }),
  })
  return { door: `${door.method} ${door.path}`, status: response.status, text: await response.text() }
}

/** Says one thing on a socket; all that came back, its end included. */
function sayOnce(address: string, protocols: readonly string[], frame: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const told: string[] = []
    const socket = new Socket(address, [...protocols])
    socket.on('open', () => {
      socket.send(frame)
      socket.close()
    })
    socket.on('message', (data) => told.push(String(data)))
    socket.on('unexpected-response', (_, response) => {
      response.on('data', (data) => told.push(String(data)))
      response.on('end', () => resolve(`${told.join()} closed ${response.statusCode}`))
    })
    socket.on('error', (error) => resolve(`${told.join()} closed ${error.message}`))
    socket.on('close', (code, reason) => resolve(`${told.join()} closed ${code} ${reason}`))
  })
}

/** Names and functions of what everything inherits from. */
function inherited(): string {
  const hash = createHash('sha256')
  for (const prototype of [Object.prototype, Array.prototype, Function.prototype, Map.prototype, Uint8Array.prototype])
    for (const key of Reflect.ownKeys(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, key) ?? {}
      hash.update(`${String(key)} ${typeof value} ${typeof value === 'function' ? value.name : ''}\n`)
    }
  return hash.digest('hex')
}

describe('T-16: no key of any input reaches what everything inherits from', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'constructor.prototype', '__defineGetter__', 'toString']
  const bodies = names.flatMap((name) => {
    const key = JSON.stringify(name)
    return [
      `{${key}:{"polluted":true}}`,
      `{"custodian":"hospital",${key}:{"polluted":true}}`,
      `{"npi":{${key}:{"polluted":true}},"custodian":{${key}:{${key}:{"polluted":true}}}}`,
      `[{${key}:{"polluted":true}}]`,
    ]
  })

  test('through the path, the query and the body of every route', async () => {
    const before = inherited()
    let knocked = 0
    for (const door of doors)
      for (const name of names) {
        const query = `?${encodeURIComponent(name)}[polluted]=true&${encodeURIComponent(name)}=true`
        const sent = door.media === null ? [''] : bodies.filter((body) => body.includes(name))
        for (const body of sent) {
          const { door: where, status } = await knock(door, name, body, query)
          knocked++
          expect({ where, polluted: Object.hasOwn(Object.prototype, 'polluted'), failed: status === 500 }).toEqual({
            where,
            polluted: false,
            failed: false,
          })
        }
      }
    expect(knocked).toBeGreaterThan(300)
    expect(inherited()).toBe(before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('through a chart that is imported', async () => {
    const before = inherited()
    const file = join(world.data, 'polluting.json')
    const evil = `"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}`
    writeFileSync(
      file,
      `{"resourceType":"Bundle","type":"collection",${evil},"entry":[{${evil},"fullUrl":"urn:uuid:0b9a6d2e-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","id":"p",${evil},"name":[{${evil},"family":"Nobody"}]}}]}`,
    )
    const directory = Directory.open(world.data)
    const custodians = new Custodians({ network: world.network, directory, keepers: [hospital], random: systemRandom })
    await importFiles([file], { directory, custodians, now: () => Date.now() / 1000 })
    expect(inherited()).toBe(before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('T-34: nothing that came in comes out of an error, the log or the metrics', () => {
  const canary = 'JaneCanary19410203'
  const sentences = [
    `{"custodian":"${canary}"}`,
    `{"${canary}":"${canary}"}`,
    `{"custodian":"hospital","npi":"${canary}","reason":"${canary}","purpose":"${canary}","types":["${canary}"]}`,
    `{"${canary}`,
    `"${canary}"`,
    `${canary}`,
  ]

  test('of any route: in its path, query, headers or body', async () => {
    let refusals = 0
    for (const door of doors) {
      const sent = door.media === null ? [''] : sentences
      for (const body of sent)
        for (const query of ['', `?${canary}=${canary}`, `?custodian=${canary}&npi=${canary}&after=${canary}`]) {
          const { door: where, status, text } = await knock(door, canary, body, query)
          if (status >= 400) refusals++
          expect({ where, status, told: text.includes(canary) }).toEqual({ where, status, told: false })
        }
    }
    expect(refusals).toBeGreaterThan(100)
    const metrics = await (await fetch(`${world.url}/metrics`)).text()
    expect(metrics).toContain('# HELP')
    for (const said of [metrics, world.logged()]) expect(said.toLowerCase()).not.toContain(canary.toLowerCase())
  })

  test('of the frames of a stream, and of the protocols that a program offers', async () => {
    const token = world.tokens[hospital] ?? ''
    const told: string[] = []
    const address = `${world.url.replace(/^http/, 'ws')}/v1/members/${hospital}/ledger`
    const frames = [canary, JSON.stringify({ [canary]: canary }), new TextEncoder().encode(canary)]
    for (const [path, protocol] of [
      ['stream', submitProtocol],
      ['events/stream', eventsProtocol],
    ] as const)
      for (const frame of frames)
        for (const protocols of [
          [protocol, bearerProtocol(token)],
          [protocol, bearerProtocol(token), canary],
          [protocol, bearerProtocol(canary)],
          [canary],
        ])
          told.push(await sayOnce(`${address}/${path}`, protocols, frame))
    expect(told.filter((each) => each.includes(canary))).toEqual([])
    expect(told.filter((each) => / closed 100[37] /.test(each))).toHaveLength(6)
    expect(told.filter((each) => each.endsWith(' closed 401'))).toHaveLength(12)
    expect(world.logged()).not.toContain(canary)
  })

  test('of a chart that is refused at its import', async () => {
    const file = join(world.data, 'refused.json')
    const resource = { resourceType: 'Patient', id: 'p', gender: canary, birthDate: canary, [canary]: canary }
    const wrong = { resourceType: canary, id: canary }
    const entry = [resource, wrong, { ...wrong, resourceType: 'Observation', status: canary }].map((each, index) => ({
      fullUrl: `urn:uuid:0b9a6d2e-0000-4000-8000-00000000000${index}`,
      resource: each,
    }))
    writeFileSync(file, JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }))
    const directory = Directory.open(world.data)
    const custodians = new Custodians({ network: world.network, directory, keepers: [hospital], random: systemRandom })
    const report = await importFiles([file], { directory, custodians, now: () => Date.now() / 1000 })
    expect(report.refusedCount).toBe(3)
    expect(JSON.stringify(report.refused)).not.toContain(canary)
    expect(world.logged()).not.toContain(canary)
  })

  test('of a failure in any part of a node: what it said is told to nobody', async () => {
    const { exchange, store } = world.network.node(clinic)
    const throwing = (): never => {
      throw new TypeError(`cannot read the chart of ${canary}`, { cause: new Error(canary) })
    }
    const parts = [
      [exchange.corrections, 'list', 'GET', '/corrections'],
      [exchange.mailboxes, 'fetch', 'POST', '/mailbox'],
      [exchange, 'receive', 'POST', '/notes'],
      [exchange.requester, 'gathered', 'GET', `/asks/${'0'.repeat(32)}`],
      [store, 'events', 'GET', '/ledger/events'],
      [store, 'summary', 'GET', '/ledger/blocks/1'],
    ] as const
    let failed = 0
    for (const [part, name, method, path] of parts) {
      const usual = Reflect.get(part, name)
      Reflect.set(part, name, throwing)
      const response = await fetch(`${world.url}/v1/members/${clinic}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${world.tokens[clinic]}`,
          ...(method === 'POST' && { 'content-type': 'application/octet-stream' }),
        },
        ...(method === 'POST' && { body: canary }),
      })
      Reflect.set(part, name, usual)
      if (response.status === 500) failed++
      expect([path, await response.text()]).toEqual([path, expect.not.stringContaining(canary)])
    }
    expect(failed).toBeGreaterThanOrEqual(2)
    expect(store.tip()).toBeDefined()
    expect(world.logged()).not.toContain(canary)
    expect(world.logged()).toContain('"what":"request-failed"')
  })
})
