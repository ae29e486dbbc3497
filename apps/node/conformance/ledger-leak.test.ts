/**
 * T-01. The demonstration is told of one sample, and everything that it wrote to any ledger, sent between members and
 * left in mailboxes is searched for everything that the sample says: in plain, encoded, and hashed under any key that a
 * member has. Not searched for: values below the shortest lengths of the scanner, and dates as seconds in four bytes.
 */
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { decode, fromHex, toHex } from '@plexus/codec'
import { contracts, members, notary, practitioners, prescriptions, rebates, supply } from '@plexus/contracts'
import { handleOf, systemRandom } from '@plexus/crypto'
import { NoteDesk } from '@plexus/exchange'
import { loadDefinitions } from '@plexus/fhir'
import { readEnvelope, sealEnvelope, viewOf } from '@plexus/kernel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, type Demonstration, founding, startDemonstration } from '../src/demonstration.ts'
import { importFiles } from '../src/import.ts'
import { secretOf } from '../src/layout.ts'
import { tellStory } from '../src/story.ts'
import { type Hay, LeakScanner, type Needle, needlesOf, recurring, valuesOf } from './leak-scanner.testing.ts'

const patient = 'd0909477-0140-7b8b-4123-06c37fef6f85'
const sample = new URL(`../../../samples/${patient}.json.zst`, import.meta.url).pathname

const shortestOnLedger = 5
const shortestInCipher = 8

/** Words of charts that fields of contracts are named by, in `fromPatient` say; and zeros, by which versions of terms are numbered. */
const protocols = /^(address|patient|0+)$/i

let data: string
let demonstration: Demonstration
let bundle: { readonly entry: readonly { readonly resource: Readonly<Record<string, unknown>> }[] }
let needles: readonly Needle[]
let protocolWords: readonly string[]
let keys: readonly Uint8Array[]
let scanner: LeakScanner
/** Notes as they left a member, with whom they were for. */
const notes: { readonly to: string; readonly note: Uint8Array }[] = []
const now = () => Date.now() / 1000

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'plexus-leak-'))
  const failures: unknown[] = []
  const started = await startDemonstration({
    data,
    random: systemRandom,
    now,
    onFailure: (_, error) => failures.push(error),
    faults: {
      carry(_, to, note, deliver) {
        notes.push({ to, note })
        deliver()
      },
    },
  })
  if (!started.ok) throw new Error(started.reason.type)
  demonstration = started.value
  const founded = Buffer.concat(ledgerOf(board).map(({ bytes }) => bytes))
  const { network, directory, custodians } = demonstration
  loadDefinitions()
  const report = await importFiles([sample], { directory, custodians, now })
  expect(report.refusedCount).toBe(0)
  await network.until(
    () => [...network.nodes.values()].every(({ exchange }) => exchange.batches.idle),
    60,
    'the import',
  )
  const end = await tellStory({
    demonstration,
    patient,
    random: systemRandom,
    now,
    tell: () => {},
    openWallet: () => undefined,
    keepWallet: () => {},
  })
  expect(end.ok).toBe(true)
  expect(failures).toEqual([])
  bundle = JSON.parse(zstdDecompressSync(readFileSync(sample)).toString('utf8'))
  const said = needlesOf(bundle, shortestOnLedger)
  const isProtocols = ({ bytes }: Needle): boolean => {
    const word = Buffer.from(bytes).toString()
    return founded.includes(Buffer.from(bytes)) || protocols.test(word) || isInNpi(word)
  }
  needles = [...said.filter((needle) => !isProtocols(needle)), ...patientValues()]
  protocolWords = said.filter(isProtocols).map(({ bytes }) => Buffer.from(bytes).toString())
  keys = keysOfMembers()
  scanner = new LeakScanner(needles, keys)
})

afterAll(async () => {
  await demonstration.network.close()
  rmSync(data, { recursive: true, force: true })
})

/** Five digits of a postal code may stand by chance in the number of a clinician, which is made anew each time. */
const isInNpi = (word: string): boolean =>
  /^\d{5}$/.test(word) &&
  [...viewOf(practitioners, demonstration.network.node(board).store).roles.entries()].some(([key]) =>
    key.split('/')[0]?.includes(word),
  )

/** Keys and names that only the patient's own parties know: they must stand for nothing on the ledger either. */
function patientValues(): readonly Needle[] {
  const found: Needle[] = []
  for (const custodian of demonstration.directory.custodiansOf(patient)) {
    const host = demonstration.directory.byId(custodian)?.member ?? custodian
    const { custody } = demonstration.network.node(host).exchange
    const key = custody.patientKey(custodian, patient)
    const enrolment = custody.patients.get(key)?.enrolment?.content
    if (!enrolment) throw new Error('the story enrolled the patient at every custodian')
    found.push({ kind: 'enrolled signing key', bytes: enrolment.signingKey })
    found.push({ kind: 'mailbox address', bytes: enrolment.mailbox.address })
    found.push({ kind: 'enrolled sealing key', bytes: enrolment.sealingKey })
    found.push({ kind: 'key of the patient’s row', bytes: Buffer.from(key) })
    for (const { record, hash, plaintextHash } of custody.versions(key)) {
      found.push({ kind: 'record id', bytes: record })
      found.push({ kind: 'statement of a record version', bytes: hash })
      found.push({ kind: 'hash of a record', bytes: plaintextHash })
    }
  }
  return found
}

/** Every secret in a member's folder, and what all know: the chain, and the members' public keys. */
function keysOfMembers(): readonly Uint8Array[] {
  const { network } = demonstration
  const secrets = [...network.nodes.values()].flatMap(({ layout }) =>
    readdirSync(layout.keys)
      .filter((name) => name.endsWith('.secret'))
      .map((name) => new Uint8Array(readFileSync(join(layout.keys, name)))),
  )
  const registered = [...viewOf(members, network.node(board).store).keys.entries()].map(([key]) =>
    Buffer.from(key, 'hex'),
  )
  return [network.chain.id, new Uint8Array(32), ...registered, ...secrets]
}

const topOf = (member: string): number => demonstration.network.node(member).store.tip()?.height ?? 0

/** Everything that one member's ledger holds, as it reads it. */
function ledgerOf(member: string): readonly Hay[] {
  const { store } = demonstration.network.node(member)
  const parts: Uint8Array[] = []
  for (let height = 0; height <= topOf(member); height++) {
    const block = store.block(height)
    if (block) parts.push(block.header, ...block.transactions)
  }
  for (const [key, value] of store.entries('')) parts.push(Buffer.from(key), value)
  for (let after = 0; ; ) {
    const events = store.events(after, 1_000)
    if (events.length === 0) break
    for (const { contract, event, sequence } of events) {
      parts.push(Buffer.from(contract), event)
      after = sequence
    }
  }
  return [{ name: `ledger of ${member}`, bytes: Buffer.concat(parts), shortest: shortestOnLedger }]
}

function ledgerFiles(): readonly Hay[] {
  return founding.members.flatMap((member) =>
    ['ledger', 'sequencer'].flatMap((folder) => {
      const path = join(data, member, folder)
      if (member !== founding.board && folder === 'sequencer') return []
      return readdirSync(path).map((name) => ({
        name: `${member}/${folder}/${name}`,
        bytes: new Uint8Array(readFileSync(join(path, name))),
        shortest: shortestInCipher,
      }))
    }),
  )
}

const transactionsOf = (member: string): readonly Uint8Array[] =>
  Array.from(
    { length: topOf(member) },
    (_, index) => demonstration.network.node(member).store.block(index + 1)?.transactions ?? [],
  ).flat()

async function deposits(): Promise<readonly Hay[]> {
  const found: Hay[] = []
  for (const { to, note } of notes) {
    const { layout, seed, store } = demonstration.network.node(to)
    const desk = new NoteDesk({
      chain: demonstration.network.chain.id,
      member: to,
      seed,
      sealingSeed: secretOf(layout, 'sealing', systemRandom),
      state: () => store,
      send: () => {},
    })
    const opened = await desk.open(note)
    if (opened.ok && opened.value.from !== null && opened.value.note.type === 'deposit')
      found.push({ name: `deposit at ${to}`, bytes: opened.value.note.sealed, shortest: shortestInCipher })
  }
  return found
}

test('there is something to look for, and somewhere to look', () => {
  expect(needles.length).toBeGreaterThan(2_000)
  expect(keys.length).toBeGreaterThan(founding.members.length * 4)
  const kinds = new Set(needles.map(({ kind }) => kind.split(' ')[0]))
  for (const kind of [
    'Patient.id',
    'Patient.name.family',
    'Patient.birthDate',
    'Patient.identifier.value',
    'Condition.code.coding.code',
    'Condition.code.coding.display',
    'Condition.onsetDateTime',
    'Practitioner.identifier.value',
    'Observation.id',
  ])
    expect([...kinds]).toContain(kind)
  const looked = new Set(needles.map(({ bytes }) => Buffer.from(bytes).toString('latin1')))
  const organisations = bundle.entry
    .map(({ resource }) => resource)
    .filter(({ resourceType }) => resourceType === 'Organization')
  expect(organisations.length).toBeGreaterThan(2)
  for (const { id, name } of organisations) {
    expect(looked.has(Buffer.from(String(id)).toString('latin1'))).toBe(true)
    expect(looked.has(Buffer.from(String(name)).toString('latin1'))).toBe(true)
  }
  expect(protocolWords.filter((word) => !protocols.test(word) && !isInNpi(word)).sort()).toEqual([])
  expect(topOf(board)).toBeGreaterThan(20)
  expect(transactionsOf(board).length).toBeGreaterThan(20)
  expect(notes.length).toBeGreaterThan(20)
})

test.each(founding.members)('the ledger of %s holds nothing of the chart, in any form', (member) => {
  expect(scanner.scan(ledgerOf(member))).toEqual([])
})

test('neither do the ledgers’ files, which also hold what was overwritten', () => {
  const files = ledgerFiles()
  expect(files.length).toBeGreaterThanOrEqual(founding.members.length + 1)
  expect(scanner.scan(files)).toEqual([])
})

test('nothing of the chart can be read off what members sent each other, or left in mailboxes', async () => {
  const left = await deposits()
  expect(left.length).toBeGreaterThan(4)
  const sent = notes.map(({ to, note }) => ({ name: `note to ${to}`, bytes: note, shortest: shortestInCipher }))
  expect(scanner.scan([...sent, ...left])).toEqual([])
})

test('no value recurs for the patient but in the steps of one handle', () => {
  const { network } = demonstration
  const { store } = network.node(board)
  const transactions = transactionsOf(board)
  const registered = [...viewOf(members, store).keys.entries()].map(([key]) => key)
  const clinicians = [...viewOf(practitioners, store).roles.entries()].map(([, { key }]) => toHex(key))
  const allowed = new Set([toHex(network.chain.id), ...registered, ...clinicians])
  // An item, a fill or a parcel has steps of its own, all under its one-time name or signed by its one-time key.
  const objects = [viewOf(prescriptions, store), viewOf(rebates, store), viewOf(supply, store)].flatMap((state) =>
    Object.values(state).flatMap((rows) => [...rows.entries()].flatMap(([key]) => key.split('/'))),
  )
  // A version of terms is signed by the commitment under which it was proposed.
  const versions = [...viewOf(rebates, store).versions.entries()].map(([, { content }]) => toHex(content))
  for (const object of [...objects, ...versions, ...pathsOf(transactions)]) allowed.add(object)
  const isKnown = (value: string): boolean => allowed.has(value) || allowed.has(toHex(handleOf(fromHex(value))))
  const others = [...recurring(transactions)].filter(([value]) => !isKnown(value))
  const handles = viewOf(notary, store)
  // Opened in one transaction, closed in another: a handle has no third.
  for (const [value, count] of others) {
    expect({ count, handle: notary.queries.handle(handles, value)?.status }).toEqual({ count: 2, handle: 'closed' })
  }
  expect(others.length).toBe(demonstration.directory.custodiansOf(patient).length)
})

/** Hashes beside the way to a root: of licences that a board granted, and of what lies in a package. No patient is in them. */
function pathsOf(transactions: readonly Uint8Array[]): readonly string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'path' && Array.isArray(inner)) found.push(...inner.map((node) => toHex(node)))
      walk(inner)
    }
  }
  for (const envelope of transactions) {
    const read = readEnvelope(envelope)
    if (!read.ok || read.value.body.contract !== supply.name) continue
    const transaction = decode(supply.transaction, read.value.body.transaction)
    if (transaction.ok) walk(transaction.value)
  }
  return found
}

test('every word on the ledger is one that the members have among themselves', () => {
  const { network, directory } = demonstration
  const { store } = network.node(board)
  const organisations = [...founding.members, ...directory.organisations.map(({ id }) => id)]
  const npis = [...viewOf(practitioners, store).roles.entries()].map(([key]) => key.split('/')[0])
  const words = new Set<string | undefined>([
    ...organisations,
    ...npis,
    ...contracts.map(({ name }) => name),
    'MA',
    '340b',
    'emergency-physician',
  ])
  const strange = transactionsOf(board)
    .flatMap((each) => valuesOf(each).texts)
    // Names of members and of types in the schemas: short words, and a digit is in none of them.
    .filter((text) => !words.has(text) && !/^[a-z]+([A-Z-][a-z]+)*$/.test(text))
  expect(strange).toEqual([])
})

describe('the scanner finds', () => {
  const hay = (bytes: Uint8Array): readonly Hay[] => [
    {
      name: 'canary',
      bytes: Buffer.concat([systemRandom(1_001), bytes, systemRandom(999)]),
      shortest: shortestInCipher,
    },
  ]
  const id = Buffer.from(patient)

  test.each([
    ['in plain', () => id],
    ['as 16 bytes', () => Buffer.from(patient.replaceAll('-', ''), 'hex')],
    ['reversed', () => Buffer.from(id).reverse()],
    ['in hexadecimal', () => Buffer.from(id.toString('hex'))],
    ['in hexadecimal capitals', () => Buffer.from(id.toString('hex').toUpperCase())],
    ['in base64', () => Buffer.from(id.toString('base64'))],
    [
      'in base64 of a longer text, at any place',
      () => Buffer.from(Buffer.concat([Buffer.from('xy'), id]).toString('base64url')),
    ],
    ['in UTF-16', () => Buffer.from(patient, 'utf16le')],
    ['hashed by SHA-256', () => createHash('sha256').update(id).digest()],
    ['hashed by MD5, in hexadecimal', () => Buffer.from(createHash('md5').update(id).digest('hex'))],
    ['hashed by SHA-1, in base64', () => Buffer.from(createHash('sha1').update(id).digest('base64'))],
    [
      'hashed under a secret of a member, and cut',
      () =>
        createHmac('sha256', keys.at(-1) ?? id)
          .update(id)
          .digest()
          .subarray(0, 16),
    ],
    [
      'hashed under a public key',
      () =>
        createHmac('sha256', keys[2] ?? id)
          .update(id)
          .digest(),
    ],
  ])('the patient’s identifier %s', (_, canary) => {
    expect(scanner.scan(hay(canary())).length).toBeGreaterThan(0)
  })

  test('nothing in random bytes', () => {
    expect(scanner.scan(hay(systemRandom(1_000_000)))).toEqual([])
  })

  test('a value that two transactions share', () => {
    const nonce = systemRandom(16)
    const envelopes = [systemRandom(32), systemRandom(32)].map((seed) =>
      sealEnvelope(
        {
          chain: demonstration.network.chain.id,
          sponsor: board,
          nonce,
          validUntil: 1,
          contract: notary.name,
          transaction: systemRandom(40),
        },
        [seed],
      ),
    )
    expect([...recurring(envelopes).keys()]).toContain(toHex(nonce))
  })

  // Last: it writes to the ledgers that the tests above read.
  test.each([
    ['a hash of the patient’s identifier', () => createHash('sha256').update(id).digest()],
    [
      'the same under a member’s secret',
      () =>
        createHmac('sha256', keys.at(-1) ?? id)
          .update(id)
          .digest(),
    ],
  ])('%s as a handle on the real ledger', async (_, canary) => {
    const handle = new Uint8Array(canary())
    const answer = await demonstration.network.submit(board, notary, { type: 'open-handles', handles: [handle] })
    expect(answer.ok).toBe(true)
    const leaks = scanner.scan(ledgerOf(board))
    expect(leaks.length).toBeGreaterThan(0)
    expect(leaks.every(({ what }) => what.startsWith('Patient.id'))).toBe(true)
    expect(scanner.scan(ledgerFiles()).length).toBeGreaterThan(0)
  })
})
