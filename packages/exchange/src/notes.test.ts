import { bytes as byteString, decode, encode, object, text, utf8 } from '@plexus/codec'
import { openSealed, publicKeyOf, sealTo, sign, signedBytes } from '@plexus/crypto'
import { noteBytesMax, noteFrame, noteInfo, notePadding } from '@plexus/policy'
import { sealNote } from '@plexus/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, clinicianSeed, hospital, memberSeed, sealingSeed, seedOf, ward } from './founding.testing.ts'
import { type MemberNote, memberNote } from './notes.ts'
import { World } from './world.testing.ts'

const note: MemberNote = { type: 'deposited', id: seedOf('id') }
const body = encode(memberNote, note)
let world: World
beforeAll(async () => {
  world = await World.start()
})

const refusalOf = async (to: string, sealed: Uint8Array) => {
  const opened = await world.desk(to).open(sealed)
  return opened.ok ? 'none' : opened.reason.type
}

/** A frame of anybody's making, sealed to the hospital. */
function sealed(frame: Uint8Array, to: string = hospital, context: Uint8Array = world.chain.id): Promise<Uint8Array> {
  return sealTo({ publicKey: world.sealingKeyOf(to), info: utf8(noteInfo), context, plaintext: frame })
}

const told = object({ from: text({ max: 40 }), to: text({ max: 40 }), body: byteString({ max: noteBytesMax }) })

function frameOf({
  from = clinic,
  to = hospital,
  content = body,
  seed = memberSeed(clinic),
  chain = world.chain.id,
}: {
  readonly from?: string
  readonly to?: string
  readonly content?: Uint8Array
  readonly seed?: Uint8Array
  readonly chain?: Uint8Array
} = {}): Uint8Array {
  const message = signedBytes('note', chain, encode(told, { from, to, body: content }))
  const author = { key: publicKeyOf(seed), signature: sign(seed, message) }
  const frame = { from: { type: 'member' as const, member: from, author }, to, body: content }
  return encode(noteFrame, { ...frame, padding: notePadding(content.length) })
}

describe('a note', () => {
  test('opens at the member that it is sealed to, and says who sent it', async () => {
    const travelling = await world.desk(clinic).seal(hospital, body)
    if (!travelling) throw new Error('the hospital is no member')
    expect(await world.desk(hospital).open(travelling)).toEqual({ ok: true, value: { from: clinic, note } })
    expect(await refusalOf(board, travelling)).toBe('note-not-sealed-to-us')
  })

  test('of a wallet opens, and comes from no member', async () => {
    const visit = { type: 'check-in' as const, visit: world.random(16), requester: clinic, evidence: [] }
    const travelling = await sealNote({
      to: clinic,
      sealingKey: world.sealingKeyOf(clinic),
      chain: world.chain.id,
      note: { ...visit, evidence: [evidence()] },
    })
    expect(await world.desk(clinic).open(travelling)).toMatchObject({ ok: true, value: { from: null } })
  })

  test('goes to no one who is not a member', async () => {
    expect(await world.desk(clinic).seal('nobody', body)).toBeUndefined()
    expect(await world.desk(clinic).seal(ward, body)).toBeUndefined()
  })

  test('has a length that tells its class only', async () => {
    const lengths = new Set<number | undefined>()
    for (let length = 2; length <= 40; length++) {
      const code = 'x'.repeat(length)
      const refusal: MemberNote = { type: 'refusal', intent: seedOf(code), code, exception: null, receipt: null }
      lengths.add((await world.desk(clinic).seal(hospital, encode(memberNote, refusal)))?.length)
    }
    for (let length = 0; length < 1_500; length += 7) {
      const sealedNotice = world.random(length)
      const deposit: MemberNote = { type: 'deposit', id: seedOf('id'), address: seedOf('box'), sealed: sealedNotice }
      lengths.add((await world.desk(clinic).seal(hospital, encode(memberNote, deposit)))?.length)
    }
    const [smallest = 0, ...larger] = lengths
    expect(larger.map((length) => (length ?? 0) - smallest)).toEqual([2_048 - 512, 8_192 - 512])
  })

  function evidence() {
    return {
      content: {
        type: 'self-asserted' as const,
        id: world.random(16),
        custodian: hospital,
        requester: clinic,
        subject: { type: 'record-number' as const, number: 'nobody' },
        kind: 'encounter' as const,
        reference: 'visit',
        madeAt: world.time,
        validUntil: world.time + 60,
      },
      signatures: [],
    }
  }
})

describe('a note is refused', () => {
  test('that was never sealed, or not for this chain', async () => {
    expect(await refusalOf(hospital, world.random(2_000))).toBe('note-not-sealed-to-us')
    expect(await refusalOf(hospital, await sealed(frameOf(), hospital, seedOf('another chain')))).toBe(
      'note-not-sealed-to-us',
    )
  })

  test('that names another receiver', async () => {
    expect(await refusalOf(hospital, await sealed(frameOf({ to: board })))).toBe('note-not-for-us')
  })

  test('that was signed for another receiver and is passed on', async () => {
    const travelling = await world.desk(clinic).seal(board, body)
    if (!travelling) throw new Error('the board is no member')
    const opened = await openSealed({
      seed: sealingSeed(board),
      info: utf8(noteInfo),
      context: world.chain.id,
      sealed: travelling,
    })
    const frame = opened.ok ? decode(noteFrame, opened.value) : opened
    if (!frame.ok) throw new Error('a note does not open at its receiver')
    const passedOn = encode(noteFrame, { ...frame.value, to: hospital })
    expect(await refusalOf(hospital, await sealed(passedOn))).toBe('signature-invalid')
    expect(await refusalOf(hospital, await sealed(frameOf()))).toBe('none')
  })

  test('that was signed for another chain', async () => {
    expect(await refusalOf(hospital, await sealed(frameOf({ chain: seedOf('another chain') })))).toBe(
      'signature-invalid',
    )
  })

  test('whose sender’s key the ledger does not know, is another member’s, or may not speak for its node', async () => {
    expect(await refusalOf(hospital, await sealed(frameOf({ seed: clinicianSeed })))).toBe('sender-unknown')
    expect(await refusalOf(hospital, await sealed(frameOf({ from: board })))).toBe('sender-unknown')
    expect(await refusalOf(hospital, await sealed(frameOf({ from: ward, seed: memberSeed(ward) })))).toBe(
      'sender-unknown',
    )
  })

  test('with anything inside that is no frame, or a frame around anything that is no note', async () => {
    expect(await refusalOf(hospital, await sealed(world.random(300)))).toBe('note-malformed')
    expect(await refusalOf(hospital, await sealed(frameOf({ content: world.random(40) })))).toBe('note-malformed')
    const long = new Uint8Array([...body, 0])
    expect(await refusalOf(hospital, await sealed(frameOf({ content: long })))).toBe('note-malformed')
    const frame = { from: { type: 'wallet' as const }, to: hospital, body, padding: new Uint8Array(0) }
    expect(await refusalOf(hospital, await sealed(encode(noteFrame, frame)))).toBe('note-malformed')
  })

  test('that is larger than any', async () => {
    expect(await refusalOf(hospital, new Uint8Array(noteBytesMax + 1))).toBe('note-malformed')
  })
})
