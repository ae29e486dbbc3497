import { decode, encode, equalBytes, no, ok, toHex, utf8 } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { generateSealingKey, handleOf, openSealed, publicKeyOf, sealTo, signedBytes, verify } from '@plexus/crypto'
import { assembleEnvelope, composeBody, readBody, signBody, viewOf } from '@plexus/kernel'
import {
  type Directive,
  directiveSetContent,
  enrolmentContent,
  evidenceContent,
  mailboxRequest,
  type Notice,
  noteFrame,
  noteInfo,
  noticeInfo,
  notice as noticeSchema,
  signedMailboxRequest,
  type WalletNote,
  walletNote,
} from '@plexus/policy'
import { beforeAll, describe, expect, test } from 'vitest'
import { sealNote } from '../notes.ts'
import { memberSeed, must, seedOf, World } from '../world.testing.ts'
import { headHandle, sealingSeed } from './keys.ts'
import { openNotice, takeClosing, takeNotice } from './notices.ts'
import { findHeads, type HandleStatus, recover, takeSet } from './recovery.ts'
import { closeHandleBody, coSign, openHandlesBody } from './sponsored.ts'
import { encodeWallet, relationshipWith } from './state.ts'
import {
  changeDirectives,
  checkIn,
  createWallet,
  enrol,
  enrolmentTaken,
  handlesOpened,
  isPending,
  mailboxRequestFor,
  nextHandle,
  openWallet,
  placeOf,
  unconfirmedSets,
  type Wallet,
} from './wallet.ts'

const now = 1_800_000_000
const denyAll: Directive = {
  effect: 'deny',
  grantee: { type: 'anyone' },
  scope: { type: 'everything' },
  purposes: [],
  from: now,
  until: null,
}

function counting(): (length: number) => Uint8Array {
  let drawn = 0
  return (length) => seedOf(`random ${drawn++}`).slice(0, length)
}

const world = new World()
const { chain } = world
const root = seedOf('root of a patient')
const fresh = (): Wallet => createWallet({ chain, root, random: counting() })
const asked = { custodian: 'hospital', code: 'in-person-1', mailboxMember: 'elsewhere', now }

const holds = (type: string, content: Uint8Array, { key, signature }: { key: Uint8Array; signature: Uint8Array }) =>
  verify(key, signedBytes(type, chain.id, content), signature)
const noteOf = <Type extends WalletNote['type']>(note: WalletNote, type: Type) => {
  if (note.type !== type) throw new Error(`came a ${note.type}`)
  return note as Extract<WalletNote, { readonly type: Type }>
}

/** Enrolled at the hospital, with heads 1 to 3 on the ledger of a test. */
let enrolled: Wallet
let enrolment: Extract<WalletNote, { readonly type: 'enrol' }>
beforeAll(async () => {
  const done = must(await enrol(fresh(), asked))
  enrolment = noteOf(done.note, 'enrol')
  const spare = headHandle(placeOf(done.wallet, 'hospital'), 3)
  const opened = must(handlesOpened(done.wallet, { custodian: 'hospital', handles: [...done.open, spare] }))
  enrolled = enrolmentTaken(opened, 'hospital', now)
})

describe('enrolment', () => {
  test('tells the custodian the wallet’s keys there, signed by the wallet', () => {
    const { content, wallet } = enrolment.enrolment
    expect(equalBytes(wallet.key, content.signingKey)).toBe(true)
    expect(holds('enrolment', encode(enrolmentContent, content), wallet)).toBe(true)
    expect(enrolment.code).toBe('in-person-1')
    expect(content.mailbox.member).toBe('elsewhere')
  })
  test('begins with the empty set under head 1, which names head 2', () => {
    const { content, signature } = enrolment.set
    expect([content.version, content.directives]).toEqual([1, []])
    expect(equalBytes(content.head, enrolment.enrolment.content.head)).toBe(true)
    expect(equalBytes(handleOf(signature.key), content.head)).toBe(true)
    expect(equalBytes(content.next, headHandle(placeOf(enrolled, 'hospital'), 2))).toBe(true)
    expect(holds('directive-set', encode(directiveSetContent, content), signature)).toBe(true)
  })
  test('happens once at each custodian', async () => {
    expect(await enrol(enrolled, asked)).toMatchObject({ ok: false, reason: { type: 'already-enrolled' } })
  })
  test('that was not taken is made again with another code, from the handles that are open', async () => {
    const first = must(await enrol(fresh(), asked))
    const refused = must(handlesOpened(first.wallet, { custodian: 'hospital', handles: first.open }))
    const second = must(await enrol(refused, { ...asked, code: 'in-person-2' }))
    expect(second.open).toEqual([])
    const [before, after] = [noteOf(first.note, 'enrol'), noteOf(second.note, 'enrol')]
    expect([after.code, after.set]).toEqual(['in-person-2', before.set])
    expect(after.enrolment.content.head).toEqual(before.enrolment.content.head)
    const taken = enrolmentTaken(second.wallet, 'hospital', now)
    expect(await enrol(taken, asked)).toMatchObject({ reason: { type: 'already-enrolled' } })
  })
  test('two custodians hold nothing in common', async () => {
    const other = noteOf(must(await enrol(enrolled, { ...asked, custodian: 'clinic' })).note, 'enrol')
    const texts = (note: typeof other) => {
      const { signingKey, sealingKey, mailbox, head } = note.enrolment.content
      return [signingKey, sealingKey, mailbox.address, mailbox.sealingKey, head, note.set.content.next].map(toHex)
    }
    const all = [...texts(enrolment), ...texts(other)]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('check-in', () => {
  const visit = seedOf('visit').slice(0, 16)
  const asking = { requester: 'emergency', visit, validSeconds: 3600, now }

  test('gives each custodian evidence with the patient’s key there', () => {
    const note = noteOf(must(checkIn(enrolled, { ...asking, custodians: ['hospital'] })).note, 'check-in')
    const [piece] = note.evidence
    if (piece?.content.type !== 'check-in') throw new Error('no check-in came')
    const { content, signatures } = piece
    expect(content).toMatchObject({
      custodian: 'hospital',
      requester: 'emergency',
      encounter: visit,
      validUntil: now + 3600,
    })
    expect(content.subject).toEqual({ type: 'key', key: enrolment.enrolment.content.signingKey })
    expect(signatures).toHaveLength(1)
    for (const each of signatures) {
      expect(equalBytes(each.key, enrolment.enrolment.content.signingKey)).toBe(true)
      expect(holds('evidence', encode(evidenceContent, content), each)).toBe(true)
    }
  })
  test('names at least one custodian, and only those where the patient is enrolled', () => {
    expect(checkIn(enrolled, { ...asking, custodians: [] })).toMatchObject({ reason: { type: 'no-custodian-named' } })
    expect(checkIn(enrolled, { ...asking, custodians: ['hospital', 'clinic'] })).toMatchObject({
      reason: { type: 'not-enrolled', custodian: 'clinic' },
    })
  })
})

describe('a change of directives', () => {
  const change = (wallet: Wallet) => changeDirectives(wallet, { custodian: 'hospital', directives: [denyAll], now })

  test('is signed by the head that the set before named, and names one that is open', () => {
    const { note, close, open } = must(change(enrolled))
    const { content, signature } = noteOf(note, 'directive-set').set
    expect(content.version).toBe(2)
    expect(equalBytes(content.head, enrolment.set.content.next)).toBe(true)
    expect(equalBytes(handleOf(signature.key), content.head)).toBe(true)
    expect(holds('directive-set', encode(directiveSetContent, content), signature)).toBe(true)
    const place = placeOf(enrolled, 'hospital')
    expect(equalBytes(content.next, headHandle(place, 3))).toBe(true)
    expect(close).toEqual({ version: 1, handle: headHandle(place, 1) })
    expect(equalBytes(open, headHandle(place, 4))).toBe(true)
  })
  test('waits for its spare: a head that is not open cannot be named', async () => {
    const done = must(await enrol(fresh(), asked))
    const two = must(handlesOpened(done.wallet, { custodian: 'hospital', handles: done.open }))
    expect(change(two)).toMatchObject({ reason: { type: 'handle-not-open', number: 3 } })
    expect(equalBytes(must(nextHandle(two, 'hospital')), headHandle(placeOf(two, 'hospital'), 3))).toBe(true)
  })
  test('stays pending until the ledger shows the closing or the custodian follows it', () => {
    const changed = must(change(enrolled)).wallet
    const more = must(nextHandle(changed, 'hospital'))
    const ready = must(handlesOpened(changed, { custodian: 'hospital', handles: [more] }))
    expect(change(ready)).toMatchObject({ reason: { type: 'change-pending', version: 2 } })
    expect(unconfirmedSets(ready, 'hospital').map(({ content }) => content.version)).toEqual([1, 2])

    const closed = must(takeClosing(ready, { custodian: 'hospital', version: 1, height: 7 }))
    expect(must(change(closed)).close.version).toBe(2)
    const told: Notice = { type: 'set-in-force', custodian: 'hospital', version: 2, height: 8, madeAt: now }
    const inForce = must(takeNotice(ready, 'hospital', told))
    expect(must(change(inForce)).close.version).toBe(2)
    expect(unconfirmedSets(inForce, 'hospital')).toEqual([])
    expect(relationshipWith(inForce.state, 'hospital')?.sets).toHaveLength(1)
  })
  test('that the custodian could not take stays to be brought again', () => {
    const changed = must(change(enrolled)).wallet
    const told: Notice = { type: 'set-refused', custodian: 'hospital', code: 'head-open', madeAt: now }
    const refused = must(takeNotice(changed, 'hospital', told))
    const known = relationshipWith(refused.state, 'hospital')
    expect(known && isPending(known)).toBe(true)
    expect(known?.heads).toMatchObject([{ version: 2, refused: 'head-open' }])
    expect(unconfirmedSets(refused, 'hospital').at(-1)?.content.version).toBe(2)
  })
  test('is only for a custodian where the patient is enrolled', () => {
    expect(changeDirectives(enrolled, { custodian: 'clinic', directives: [], now })).toMatchObject({
      reason: { type: 'not-enrolled' },
    })
  })
})

describe('on the ledger, through a sponsor', () => {
  const ledger = new World()
  const own = createWallet({ chain: ledger.chain, root, random: counting() })
  const sponsorKey = publicKeyOf(memberSeed('elsewhere'))
  const frame = () => ({ sponsor: 'elsewhere', sponsorKey, nonce: ledger.nonce(), validUntil: ledger.time + 60 })
  const statusOf = (handle: Uint8Array): HandleStatus | undefined =>
    notary.queries.handle(viewOf(notary, ledger.ledger.reader), toHex(handle))
  const lookUp = async (handle: Uint8Array) => ok(statusOf(handle))
  const openOnLedger = (handles: readonly Uint8Array[]): void => {
    const body = openHandlesBody(ledger.chain, { ...frame(), handles })
    ledger.block([assembleEnvelope(body, [signBody(ledger.chain.id, body, memberSeed('elsewhere'))])])
  }
  /** Both shares in the order in which the body names their keys. */
  const envelopeOf = (
    body: Uint8Array,
    share: { readonly key: Uint8Array; readonly signature: Uint8Array },
  ): Uint8Array =>
    assembleEnvelope(
      body,
      must(readBody(body)).signers.map((key) =>
        equalBytes(key, share.key) ? share.signature : signBody(ledger.chain.id, body, memberSeed('elsewhere')),
      ),
    )
  const openedHeads = async (): Promise<Wallet> => {
    const done = must(await enrol(own, asked))
    return must(handlesOpened(done.wallet, { custodian: 'hospital', handles: heads(done.wallet, 3) }))
  }
  const heads = (wallet: Wallet, count: number): readonly Uint8Array[] =>
    Array.from({ length: count }, (_, at) => headHandle(placeOf(wallet, 'hospital'), at + 1))

  test('heads are opened, the replaced one is closed, and the root alone finds them again', async () => {
    const wallet = await openedHeads()
    openOnLedger(heads(wallet, 3))
    const { wallet: changed } = must(changeDirectives(wallet, { custodian: 'hospital', directives: [denyAll], now }))
    const { body, share } = must(closeHandleBody(changed, { ...frame(), custodian: 'hospital', version: 1 }))
    ledger.block([envelopeOf(body, share)])
    expect(statusOf(headHandle(placeOf(wallet, 'hospital'), 1))).toMatchObject({ status: 'closed', closed: 2 })

    const found = must(await findHeads(own, ['clinic', 'emergency', 'hospital'], lookUp))
    expect(found).toEqual([{ custodian: 'hospital', current: 2, opened: 3, closed: [{ number: 1, height: 2 }] }])
    const back = must(recover(own, { found, mailboxMember: 'elsewhere', now }))
    expect(relationshipWith(back.state, 'hospital')).toMatchObject({ latest: 2, opened: 3, sets: [] })
    const spare = must(handlesOpened(back, { custodian: 'hospital', handles: [must(nextHandle(back, 'hospital'))] }))
    expect(must(changeDirectives(spare, { custodian: 'hospital', directives: [], now })).close.version).toBe(2)
    expect(recover(back, { found, mailboxMember: 'elsewhere', now })).toMatchObject({
      reason: { type: 'already-enrolled' },
    })
  })
  test('another root finds nothing, and what nobody answered is not taken for nothing', async () => {
    const { chain } = ledger
    expect(must(await findHeads({ root: seedOf('another root'), chain }, ['hospital'], lookUp))).toEqual([])
    const offline = async () => no({ type: 'offline' })
    expect(await findHeads(own, ['hospital'], offline)).toEqual(no({ type: 'offline' }))
  })
  test('a wallet from paper takes the set that its custodian holds, if one of its own heads signed it', async () => {
    const wallet = await openedHeads()
    const { wallet: changed } = must(changeDirectives(wallet, { custodian: 'hospital', directives: [denyAll], now }))
    const [first, second] = relationshipWith(changed.state, 'hospital')?.sets ?? []
    if (!first || !second) throw new Error('two sets were signed')
    // Head 1 is closed on this ledger, and heads 2 and 3 are open.
    const found = must(await findHeads(own, ['hospital'], lookUp))
    const back = must(recover(own, { found, mailboxMember: 'elsewhere', now }))
    const taken = (set: typeof second) => takeSet(back, { custodian: 'hospital', set })
    expect(relationshipWith(must(taken(second)).state, 'hospital')?.sets).toEqual([second])
    expect(taken(first)).toEqual(no({ type: 'set-behind', version: 1, inForce: 2 }))
    const emptied = { ...second, content: { ...second.content, directives: [] } }
    expect(taken(emptied)).toEqual(no({ type: 'set-not-ours' }))
    expect(takeSet(own, { custodian: 'hospital', set: second })).toEqual(no({ type: 'not-enrolled' }))
  })
  test('the wallet signs no closing of the head in use', async () => {
    const wallet = await openedHeads()
    expect(closeHandleBody(wallet, { ...frame(), custodian: 'hospital', version: 1 })).toMatchObject({
      reason: { type: 'head-in-use' },
    })
    expect(closeHandleBody(wallet, { ...frame(), custodian: 'clinic', version: 1 })).toMatchObject({
      reason: { type: 'not-enrolled' },
    })
  })

  describe('co-signing what a sponsor composed', () => {
    const composed = (
      wallet: Wallet,
      {
        handle = headHandle(placeOf(wallet, 'hospital'), 1),
        signer = undefined as Uint8Array | undefined,
        chainId = ledger.chain.id,
        open = false,
      } = {},
    ): Uint8Array => {
      const transaction = open
        ? encode(notary.transaction, { type: 'open-handles', handles: [handle] })
        : encode(notary.transaction, { type: 'close-handle', handle })
      const { sponsor, nonce, validUntil } = frame()
      const signers = signer ? [sponsorKey, signer] : [sponsorKey]
      return composeBody({ chain: chainId, sponsor, nonce, validUntil, contract: notary.name, transaction, signers })
    }
    const changedWallet = async (): Promise<Wallet> =>
      must(changeDirectives(await openedHeads(), { custodian: 'hospital', directives: [], now })).wallet
    const headKey = (wallet: Wallet): Uint8Array =>
      must(closeHandleBody(wallet, { ...frame(), custodian: 'hospital', version: 1 })).share.key

    test('is the closing of a head that was replaced', async () => {
      const wallet = await changedWallet()
      const body = composed(wallet, { signer: headKey(wallet) })
      const share = must(coSign(wallet, body))
      expect(verify(share.key, signedBytes('transaction', ledger.chain.id, body), share.signature)).toBe(true)
    })
    test('is nothing else', async () => {
      const wallet = await changedWallet()
      const signer = headKey(wallet)
      const refusals = [
        ['not-a-body', new Uint8Array(3)],
        ['other-chain', composed(wallet, { signer, chainId: new Uint8Array(32) })],
        ['not-a-closing', composed(wallet, { signer, open: true })],
        ['not-its-handle', composed(wallet, { signer, handle: seedOf('somebody else') })],
        ['head-in-use', composed(wallet, { signer, handle: headHandle(placeOf(wallet, 'hospital'), 2) })],
        ['not-among-signers', composed(wallet)],
      ] as const
      for (const [type, body] of refusals) expect(coSign(wallet, body)).toEqual({ ok: false, reason: { type } })
    })
  })
})

describe('mail', () => {
  const told: Notice = { type: 'set-in-force', custodian: 'hospital', version: 1, height: 3, madeAt: now }
  const sealedTo = async (publicKey: Uint8Array, plaintext = encode(noticeSchema, told)) =>
    sealTo({ publicKey, info: utf8(noticeInfo), context: chain.id, plaintext })

  test('is asked for with the key whose hash is the address', () => {
    const { member, request } = must(mailboxRequestFor(enrolled, { custodian: 'hospital', after: 4, now }))
    const { content, signature } = must(decode(signedMailboxRequest, request))
    expect(member).toBe('elsewhere')
    expect(content).toEqual({ address: enrolment.enrolment.content.mailbox.address, after: 4, madeAt: now })
    expect(equalBytes(handleOf(signature.key), content.address)).toBe(true)
    expect(holds('mailbox-request', encode(mailboxRequest, content), signature)).toBe(true)
  })
  test('sealed to the mailbox, or to the key for wrapping keys, is opened', async () => {
    const { mailbox, sealingKey } = enrolment.enrolment.content
    for (const publicKey of [mailbox.sealingKey, sealingKey])
      expect(await openNotice(enrolled, { custodian: 'hospital', sealed: await sealedTo(publicKey) })).toEqual({
        ok: true,
        value: told,
      })
  })
  test('sealed to somebody else, or no notice inside, is refused', async () => {
    const stranger = await generateSealingKey(seedOf('stranger'))
    const refused = async (custodian: string, sealed: Uint8Array) => openNotice(enrolled, { custodian, sealed })
    expect(await refused('hospital', await sealedTo(stranger.publicKey))).toMatchObject({
      reason: { type: 'notice-not-for-us' },
    })
    const { sealingKey } = enrolment.enrolment.content.mailbox
    expect(await refused('hospital', await sealedTo(sealingKey, new Uint8Array(9)))).toMatchObject({
      reason: { type: 'notice-malformed' },
    })
    expect(await refused('clinic', await sealedTo(sealingKey))).toMatchObject({ reason: { type: 'not-enrolled' } })
  })
  test('the enrolled sealing key is the one whose seed the root gives', async () => {
    const { publicKey } = await generateSealingKey(sealingSeed(placeOf(enrolled, 'hospital'), 1))
    expect(equalBytes(publicKey, enrolment.enrolment.content.sealingKey)).toBe(true)
  })
  test('a wallet’s note opens at the node that it is sealed to, and says whom it is for', async () => {
    const seed = seedOf('node')
    const { publicKey } = await generateSealingKey(seed)
    const sealed = await sealNote({ to: 'hospital', sealingKey: publicKey, chain: chain.id, note: enrolment })
    const opened = must(await openSealed({ seed, info: utf8(noteInfo), context: chain.id, sealed }))
    const { from, to, body } = must(decode(noteFrame, opened))
    expect([from, to]).toEqual([{ type: 'wallet' }, 'hospital'])
    expect(must(decode(walletNote, body))).toEqual(enrolment)
  })
})

describe('the state', () => {
  test('is kept as bytes and comes back as it was', () => {
    const bytes = encodeWallet(enrolled.state)
    expect(must(openWallet(enrolled, bytes)).state).toEqual(enrolled.state)
    expect(openWallet(enrolled, bytes.subarray(1)).ok).toBe(false)
  })
  test('does not hold the root, nor any key that signs', () => {
    const text = toHex(encodeWallet(enrolled.state))
    expect(text).not.toContain(toHex(root))
    expect(text).not.toContain(toHex(sealingSeed(placeOf(enrolled, 'hospital'), 1)))
  })
})
