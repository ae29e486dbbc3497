/** Notes between members' nodes: sealed to the receiver's node, signed by the sender's, padded into classes of length. */
import {
  bytes,
  decode,
  encode,
  type Infer,
  list,
  no,
  object,
  ok,
  option,
  type Result,
  text,
  toHex,
  uint,
  utf8,
  variant,
} from '@plexus/codec'
import { members } from '@plexus/contracts'
import { openSealed, publicKeyOf, sealTo, sign, signedBytes, verify } from '@plexus/crypto'
import { opening, type StateReader, viewOf } from '@plexus/kernel'
import {
  acknowledgement,
  casesPerPatientMax,
  contractName,
  correction,
  dispute,
  hash,
  inner,
  noteBytesMax,
  noteFrame,
  noteInfo,
  notePadding,
  releaseNote,
  walletNote,
  walletNoteBytesMax,
} from '@plexus/policy'

/** Far above any real chart of one organisation; it bounds the answer and the requester's memory. */
export const recordsPerReleaseMax = 10_000

/** Ciphertexts in one content note. */
const contentsPerNoteMax = 1_000

const code = text({ min: 2, max: 40, pattern: /^[a-z0-9-]+$/ })

/** What one book tells another at once: a package's manifest is the longest; the outbox keeps a mebibyte. */
export const bookNoteBytesMax = 1_000_000

export const memberNote = variant({
  /** Step 3: the intent and the evidence it names, opened. */
  request: { intent: opening, evidence: list(opening, { max: 4 }) },
  /** Step 5: receipt, note, release, and the opened record versions that it releases, in the order of the receipt. */
  answer: {
    intent: hash,
    receipt: opening,
    note: releaseNote,
    release: bytes({ max: 1024 * 1024 }),
    records: list(opening, { max: recordsPerReleaseMax }),
    /** Of these records, those that the patient disputes: the custodian's word (45 CFR 164.526(d)(5)). */
    disputes: list(dispute, { max: casesPerPatientMax }),
  },
  /** A refusal; its receipt, unless the request was not fit for one. */
  refusal: { intent: hash, code, exception: option(text({ max: 20 })), receipt: option(opening) },
  /** Asks for the ciphertexts of the records `from`… of a released answer. */
  fetch: { intent: hash, from: uint(), count: uint(contentsPerNoteMax) },
  contents: {
    intent: hash,
    from: uint(),
    ciphertexts: list(option(bytes({ max: 32 * 1024 * 1024 })), { max: contentsPerNoteMax }),
  },
  /** A sealed notice for a mailbox that the receiver keeps. `id` names the deposit until it is acknowledged. */
  deposit: { id: hash, address: hash, sealed: bytes({ max: 512 * 1024 }) },
  deposited: { id: hash },
  /** A version that the receiver got does not stand any more. Signed inside by the custodian's key. */
  correction: { content: correction, signature: inner },
  acknowledged: { content: acknowledgement, signature: inner },
  /** From the book of a contract to the same book elsewhere. `id` names the note until it is answered: taken, or refused for good. */
  book: {
    id: hash,
    contract: contractName,
    part: variant({ note: { body: bytes({ max: bookNoteBytesMax }) }, taken: {}, refused: { code } }),
  },
})
export type MemberNote = Infer<typeof memberNote>

export type OpenedNote =
  | { readonly from: string; readonly note: MemberNote }
  | { readonly from: null; readonly note: Infer<typeof walletNote> }

export type NoteRefusal = {
  readonly type: 'note-malformed' | 'note-not-for-us' | 'note-not-sealed-to-us' | 'sender-unknown' | 'signature-invalid'
}

/** Seals and opens notes of one member. */
export class NoteDesk {
  private readonly chain: Uint8Array
  private readonly member: string
  /** Asked at each note: a member that rotates its key goes on under the next one. */
  private readonly signer: { readonly seed: Uint8Array }
  private readonly sealingSeed: Uint8Array
  private readonly state: () => StateReader
  private readonly send: (to: string, note: Uint8Array) => void

  constructor(parts: {
    readonly chain: Uint8Array
    readonly member: string
    readonly seed: Uint8Array
    readonly sealingSeed: Uint8Array
    readonly state: () => StateReader
    readonly send: (to: string, note: Uint8Array) => void
  }) {
    this.chain = parts.chain
    this.member = parts.member
    this.signer = parts
    this.sealingSeed = parts.sealingSeed
    this.state = parts.state
    this.send = parts.send
  }

  /** The note as it travels, or undefined when the receiver is no member. */
  async seal(to: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    const receiver = members.queries.member(viewOf(members, this.state()), to)
    if (!receiver) return undefined
    const { seed } = this.signer
    const author = { key: publicKeyOf(seed), signature: sign(seed, this.message(this.member, to, body)) }
    const plaintext = encode(noteFrame, {
      from: { type: 'member', member: this.member, author },
      to,
      body,
      padding: notePadding(body.length),
    })
    return sealTo({ publicKey: receiver.sealingKey, info: utf8(noteInfo), context: this.chain, plaintext })
  }

  /** Seals a note and sends it. Nothing tells whether it arrives: what must is in the outbox, or asked for again. */
  async tell(to: string, note: MemberNote): Promise<void> {
    const sealed = await this.seal(to, encode(memberNote, note))
    if (sealed) this.send(to, sealed)
  }

  async open(sealed: Uint8Array): Promise<Result<OpenedNote, NoteRefusal>> {
    if (sealed.length > noteBytesMax) return no({ type: 'note-malformed' })
    const opened = await openSealed({ seed: this.sealingSeed, info: utf8(noteInfo), context: this.chain, sealed })
    if (!opened.ok) return no({ type: 'note-not-sealed-to-us' })
    const frame = decode(noteFrame, opened.value, noteBytesMax)
    if (!frame.ok) return no({ type: 'note-malformed' })
    const { from, to, body } = frame.value
    if (to !== this.member) return no({ type: 'note-not-for-us' })
    if (from.type === 'wallet') {
      const note = decode(walletNote, body, walletNoteBytesMax)
      return note.ok ? ok({ from: null, note: note.value }) : no({ type: 'note-malformed' })
    }
    const key = members.queries.keyOf(viewOf(members, this.state()), toHex(from.author.key))
    if (key?.status !== 'active' || key.holder !== from.member || !key.scopes.includes('batches'))
      return no({ type: 'sender-unknown' })
    if (!verify(from.author.key, this.message(from.member, to, body), from.author.signature))
      return no({ type: 'signature-invalid' })
    const note = decode(memberNote, body, noteBytesMax)
    return note.ok ? ok({ from: from.member, note: note.value }) : no({ type: 'note-malformed' })
  }

  /** The receiver's name stands in what is signed: a note cannot be passed on as if it had been meant for another. */
  private message(from: string, to: string, body: Uint8Array): Uint8Array {
    return signedBytes('note', this.chain, encode(signedNote, { from, to, body }))
  }
}

const signedNote = object({ from: text({ max: 40 }), to: text({ max: 40 }), body: bytes({ max: noteBytesMax }) })
