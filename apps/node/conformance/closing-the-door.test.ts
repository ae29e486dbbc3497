/** INV-R2: once a custodian's replica has applied the closing of a head, nothing is released under it, repeats included. */
import { findings, type WalletClient, whoLooked } from '@plexus/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { smallChart } from './records.testing.ts'
import { type Clinician, clinic, must, World } from './world.testing.ts'

const custodian = 'hospital-1'
const patientsMax = 4

let world: World
let clinician: Clinician
let onReceipt = (): void => {}
let patients = 0

beforeAll(async () => {
  world = await World.start({
    members: [custodian],
    observe: (member, what) => {
      if (member === custodian && what === 'receipt') onReceipt()
    },
  })
  clinician = await world.employ()
})

afterAll(() => world.close())

let client: WalletClient
let visit: Uint8Array
/** While true, a new set of directives gets lost on its way: the head is closed and its successor unknown. */
let setsLost = false
/** Notes that left the custodian for the clinic, by type, with its height when they left. */
let left: { readonly type: string; readonly height: number }[] = []

beforeEach(async () => {
  const patient = `patient-${++patients}`
  expect(patients).toBeLessThanOrEqual(patientsMax)
  onReceipt = () => {}
  setsLost = false
  await world.register(custodian, patient, smallChart(patient, 'a'))
  client = await world.enrol(patient, [custodian], (usual) => ({
    deliver: async (to, sealed) => (setsLost ? { ok: true, value: undefined } : usual.deliver(to, sealed)),
  }))
  visit = await world.checkIn(client, clinic, [custodian])
  left = []
  world.wire.carry = (from, to, note, deliver) => {
    const height = world.node(custodian).store.tip()?.height ?? 0
    if (from !== custodian || to !== clinic) return deliver()
    world.read(to, note).then(({ type }) => {
      left.push({ type, height })
      deliver()
    })
  }
})

const receiptsTold = () =>
  world.looks(
    client,
    (looks) => looks.length > 0 && looks.every(({ confirmedBy }) => confirmedBy.includes('custodian')),
  )

test('a head that was closed before the first decision refuses, until the successor is there', async () => {
  setsLost = true
  must(await client.changeDirectives(custodian, []), 'a directive')
  const closed = await world.ask(visit, clinician)
  expect(closed.sources).toMatchObject([
    { state: 'refused', code: 'head-closed', exception: '171.202(e)', records: [] },
  ])
  expect(left.map(({ type }) => type)).not.toContain('answer')

  setsLost = false
  must(await client.bringSets(custodian), 'the successor')
  const open = await world.ask(visit, clinician)
  expect(open.sources).toMatchObject([{ state: 'complete', code: null }])
  await world.settled()
  await world.looks(client, (looks) => looks.filter(({ confirmedBy }) => confirmedBy.length === 2).length === 1)
  expect(findings(client.wallet.state)).toEqual([])
})

test('a head that is closed between the two decisions voids the receipt, and nothing is released', async () => {
  setsLost = true
  let closing: Promise<{ readonly ok: boolean }> | undefined
  onReceipt = () => {
    closing ??= client.changeDirectives(custodian, [])
  }
  const gathered = await world.ask(visit, clinician)
  expect(closing).toBeDefined()
  must((await closing) ?? { ok: false }, 'the closing')
  expect(gathered.sources).toMatchObject([{ state: 'refused', code: 'head-closed', records: [] }])
  expect(left.map(({ type }) => type)).not.toContain('answer')
  await world.settled()
  const looks = await world.looks(client, (all) => all.length === 2)
  expect(looks.map(({ number, decision, voided }) => [number, decision.type, voided])).toEqual([
    [2, 'void', false],
    [1, 'permit', true],
  ])
  expect(findings(client.wallet.state)).toEqual([])
})

test('a head that is closed after the release stops the repeat of an answer that was lost', async () => {
  const usual = world.wire.carry
  let lost = 0
  world.wire.carry = (from, to, note, deliver) => {
    if (from !== custodian || to !== clinic) return usual(from, to, note, deliver)
    world.read(to, note).then(({ type }) => {
      if (type === 'answer') lost++
      else usual(from, to, note, deliver)
    })
  }
  const asked = await world.startAsk(visit, clinician)
  await world.until(() => lost > 0, 'an answer to be lost')
  setsLost = true
  must(await client.changeDirectives(custodian, []), 'a directive')
  const applied = world.node(custodian).store.tip()?.height ?? 0
  await world.until(() => (world.node(custodian).store.tip()?.height ?? 0) >= applied, 'the closing to be applied')
  const lostBefore = lost
  const gathered = await world.ended(clinic, asked)
  expect(gathered.sources).toMatchObject([{ state: 'refused', code: 'head-closed', records: [] }])
  expect(lost).toBe(lostBefore)
  await receiptsTold()
  // The custodian did release; the requester, which never got it, has nothing to tell: shown, and no more.
  expect(findings(client.wallet.state)).toMatchObject([{ type: 'unconfirmed', number: 1, toldBy: 'custodian' }])
})

test('T-10: whenever a head is closed while a request is under way, no answer leaves at or after the closing', async () => {
  const delays = [0, 2, 5, 10, 20, 40, 80, 160]
  const ends: string[] = []
  for (const delay of delays) {
    left = []
    const asked = await world.startAsk(visit, clinician)
    await new Promise((resolve) => setTimeout(resolve, delay))
    setsLost = true
    const closed = await client.changeDirectives(custodian, [])
    if (!closed.ok) throw new Error(`the change was refused: ${closed.reason.type}`)
    const gathered = await world.ended(clinic, asked)
    for (const { type, height } of left) {
      if (type === 'answer') expect(height).toBeLessThan(closed.value.height)
    }
    ends.push(gathered.sources[0]?.state ?? 'none')
    setsLost = false
    must(await client.bringSets(custodian), 'the successor')
    await world.settled()
    must(await client.openSpare(custodian), 'a spare')
    must(await client.fetch(), 'fetching')
  }
  await world.settled()
  must(await client.fetch(), 'fetching')
  expect(ends.every((state) => state === 'complete' || state === 'refused')).toBe(true)
  // A head that was closed while the answer was sealed: released by the custodian's books, sent to nobody, and shown so.
  const found = findings(client.wallet.state)
  expect(found.every((each) => each.type === 'unconfirmed' && each.toldBy === 'custodian')).toBe(true)
  expect(found.length).toBeLessThanOrEqual(ends.filter((state) => state === 'refused').length)
  expect(whoLooked(client.wallet.state).every(({ verified }) => verified)).toBe(true)
})
