import { no, ok } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { hexOf, Ledger, note } from './ledger.testing.ts'
import { noteBytesMax, waitingPerPeerMax } from './limits.ts'

test('a note arrives, and the receiver knows from whose node', async () => {
  const ledger = new Ledger()
  const [alder, birch] = [await ledger.node('alder'), await ledger.node('birch')]
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('delivered') === 1)
  birch.peers.send('alder', note('two'))
  await birch.until(() => birch.sent('delivered') === 1)
  expect([birch.notes, alder.notes]).toEqual([[{ from: 'alder', text: 'one' }], [{ from: 'birch', text: 'two' }]])
})

test('many notes share one connection, and a large one does not hold up the small ones', async () => {
  const ledger = new Ledger()
  const [alder, birch] = [await ledger.node('alder'), await ledger.node('birch')]
  const large = new Uint8Array(8 * 1024 * 1024).fill(0x61)
  alder.peers.send('birch', large)
  for (let index = 0; index < 100; index++) alder.peers.send('birch', note(`${index}`))
  await alder.until(() => alder.sent('delivered') === 101)
  expect(new Set(birch.notes.map(({ text }) => text)).size).toBe(101)
  expect(birch.notes[0]?.text).toBe('0')
  expect(birch.events.filter(({ type }) => type === 'connected')).toHaveLength(1)
})

test('a note that may not leave any more when the connection is there is withheld, and the next one goes', async () => {
  const ledger = new Ledger()
  const [alder, birch] = [await ledger.node('alder'), await ledger.node('birch')]
  let open = true
  alder.peers.send('birch', note('sealed under a head that is closed'), () => open)
  alder.peers.send('birch', note('next'), () => true)
  open = false
  await alder.until(() => alder.sent('delivered') === 1)
  expect(alder.sent('withheld')).toBe(1)
  expect(birch.notes.map(({ text }) => text)).toEqual(['next'])
  expect(alder.peers.readings()).toMatchObject([{ waiting: 0 }])
})

test('a note that is larger than any is not sent', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  alder.peers.send('birch', new Uint8Array(noteBytesMax + 1))
  expect(alder.sent('too-large')).toBe(1)
})

test('whoever answers at the address under another member’s key gets nothing', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  const cedar = await ledger.node('cedar')
  ledger.addresses.set('birch', `plexus://127.0.0.1:${cedar.peers.port}`)
  alder.peers.send('birch', note('for birch alone'))
  await alder.until(() => alder.sent('peer-down') === 1)
  expect(alder.events).toContainEqual({ type: 'dial-failed', member: 'birch', refusal: 'other-key' })
  expect(cedar.notes).toEqual([])
})

test('whoever answers under a key that the ledger does not know gets nothing', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  const birch = await ledger.node('birch', { seed: systemRandom(32) })
  alder.peers.send('birch', note('not for this key'))
  await alder.until(() => alder.sent('peer-down') === 1)
  expect(birch.notes).toEqual([])
})

test('whoever comes under a key that the ledger does not know is turned away before it can say anything', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder', { seed: systemRandom(32) })
  const birch = await ledger.node('birch')
  alder.peers.send('birch', note('from nobody'))
  await alder.until(() => alder.unsent === 1)
  expect(birch.notes).toEqual([])
  expect(birch.events).toContainEqual({ type: 'turned-away', why: 'key-unknown' })
  expect(birch.events.some(({ type }) => type === 'connected')).toBe(false)
})

test('the open connection of a revoked key is closed when the block is applied, on both sides', async () => {
  const ledger = new Ledger()
  const seed = ledger.key('alder')
  const [alder, birch] = [await ledger.node('alder', { seed }), await ledger.node('birch')]
  alder.peers.send('birch', note('before'))
  await alder.until(() => alder.sent('delivered') === 1)
  ledger.keys.delete(hexOf(seed))
  birch.peers.refresh()
  await birch.until(() => birch.events.some(({ type }) => type === 'disconnected'))
  alder.peers.send('birch', note('after'))
  await alder.until(() => alder.unsent === 1)
  expect(birch.notes).toEqual([{ from: 'alder', text: 'before' }])
})

test('a request over an open connection is held against the ledger of that moment', async () => {
  const ledger = new Ledger()
  const seed = ledger.key('alder')
  const [alder, birch] = [await ledger.node('alder', { seed }), await ledger.node('birch')]
  alder.peers.send('birch', note('before'))
  await alder.until(() => alder.sent('delivered') === 1)
  ledger.keys.delete(hexOf(seed))
  alder.peers.send('birch', note('after'))
  await alder.until(() => alder.unsent === 1)
  expect(birch.notes).toEqual([{ from: 'alder', text: 'before' }])
})

test('a key that is rotated is shown from the next connection on, in both directions', async () => {
  const ledger = new Ledger()
  let seed = ledger.key('alder')
  const former = hexOf(seed)
  const [alder, birch] = [await ledger.node('alder', { seed: () => seed }), await ledger.node('birch')]
  alder.peers.send('birch', note('one'))
  birch.peers.send('alder', note('two'))
  await alder.until(() => alder.sent('delivered') === 1)
  await birch.until(() => birch.sent('delivered') === 1)
  seed = ledger.key('alder')
  ledger.keys.delete(former)
  ledger.applied()
  alder.peers.send('birch', note('three'))
  birch.peers.send('alder', note('four'))
  await alder.until(() => alder.sent('delivered') === 2)
  await birch.until(() => birch.sent('delivered') === 2)
  expect(alder.notes.at(-1)?.text).toBe('four')
})

test('an address that changes is followed without a restart', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  const seed = ledger.key('birch')
  const first = await ledger.node('birch', { seed })
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('delivered') === 1)
  const second = await ledger.node('birch', { seed })
  ledger.applied()
  alder.peers.send('birch', note('two'))
  await alder.until(() => alder.sent('delivered') === 2)
  expect([first.notes, second.notes]).toEqual([[{ from: 'alder', text: 'one' }], [{ from: 'alder', text: 'two' }]])
})

test('a peer that restarts gets what waits, and the breaker closes', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  const seed = ledger.key('birch')
  const first = await ledger.node('birch', { seed })
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('delivered') === 1)
  await first.peers.close()
  await alder.until(() => alder.events.some(({ type }) => type === 'disconnected'))
  alder.peers.send('birch', note('two'))
  await alder.until(() => alder.events.some(({ type }) => type === 'dial-failed'))
  const second = await ledger.node('birch', { seed, port: first.peers.port ?? 0 })
  // What was given up meanwhile is sent again by its owner, as the outbox does.
  for (let tries = 0; second.notes.length === 0 && tries < 20; tries++) {
    const ended = () => alder.events.filter(({ type }) => type === 'sent').length
    const before = ended()
    alder.peers.send('birch', note('two'))
    await alder.until(() => ended() > before || second.notes.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(second.notes[0]?.text).toBe('two')
  expect(alder.peers.readings()[0]?.breaker).toBe('closed')
})

test('a peer that is down takes no memory: what is sent to it meanwhile is left to its owner at once', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder', { timing: { retryMax: 60_000, retryFirst: 200 } })
  const birch = await ledger.node('birch')
  await birch.peers.close()
  const states = () => alder.events.flatMap((event) => (event.type === 'breaker' ? [event.state] : []))
  alder.peers.send('birch', note('one'))
  await alder.until(() => states().includes('open'))
  await alder.until(() => alder.sent('peer-down') === 1)
  expect(alder.peers.readings()).toMatchObject([{ member: 'birch', waiting: 0, connected: false }])
  // More than would wait for a peer that is up, and few enough to end before the next try.
  const more = waitingPerPeerMax + 50
  for (let index = 0; index < more; index++) alder.peers.send('birch', note('more'))
  expect(alder.sent('peer-down')).toBe(more + 1)
  expect(alder.peers.readings()).toMatchObject([{ waiting: 0 }])
})

test('what waits for a slow peer is bounded, and the rest is left to its owner', async () => {
  const ledger = new Ledger()
  let answer = (): void => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const alder = await ledger.node('alder')
  const birch = await ledger.node('birch', { receive: () => held.then(() => ok(undefined)) })
  for (let index = 0; index < waitingPerPeerMax + 50; index++) alder.peers.send('birch', note(`${index}`))
  expect(alder.sent('no-room')).toBe(50)
  expect(alder.peers.readings()[0]?.waiting).toBe(waitingPerPeerMax)
  answer()
  await alder.until(() => alder.sent('delivered') === waitingPerPeerMax)
  expect(birch.notes).toHaveLength(waitingPerPeerMax)
})

test('a peer that answers nothing is left, and its connection with it', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder', { timing: { answer: 100 } })
  const birch = await ledger.node('birch', { receive: () => new Promise(() => {}) })
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.unsent === 1)
  expect(birch.events.filter(({ type }) => type === 'disconnected').length).toBeGreaterThan(0)
})

test('a busy peer is given the time that it asks for, and then gets the note', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  let busy = true
  const birch = await ledger.node('birch', {
    receive: () => {
      const answer = busy ? no({ type: 'node-busy' }) : ok(undefined)
      busy = false
      return Promise.resolve(answer)
    },
  })
  const from = performance.now()
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('delivered') === 1)
  expect(performance.now() - from).toBeGreaterThanOrEqual(1_900)
  expect([birch.received('busy'), birch.received('accepted')]).toEqual([1, 1])
  expect(alder.peers.readings()[0]?.breaker).toBe('closed')
})

test('a note that the receiver refuses is not sent again', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  const birch = await ledger.node('birch', { receive: () => Promise.resolve(no({ type: 'note-malformed' })) })
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('refused') === 1)
  expect(birch.received('refused')).toBe(1)
})

test('the flood of one member ends at its quota, and another is heard at once', async () => {
  const ledger = new Ledger()
  const [alder, birch, cedar] = [await ledger.node('alder'), await ledger.node('birch'), await ledger.node('cedar')]
  let given = 0
  const flood = (): void => {
    for (; given < 2_000 && (alder.peers.readings()[0]?.waiting ?? 0) < 200; given++)
      alder.peers.send('birch', note(`${given}`))
  }
  flood()
  await alder.until(() => {
    flood()
    return birch.received('over-quota') > 0
  })
  const before = birch.notes.length
  cedar.peers.send('birch', note('a ward'))
  await cedar.until(() => cedar.sent('delivered') === 1)
  expect(birch.notes.slice(before).some(({ from }) => from === 'cedar')).toBe(true)
  expect(cedar.sent('delivered')).toBe(1)
})
