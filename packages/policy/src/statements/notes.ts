/** Sealed notes: what is said between a wallet and a member's node, and the frame of every note. Contents never reach the ledger. */
import { bytes, encode, type Infer, list, object, text, uint, variant } from '@plexus/codec'
import { disagreement, patientCase } from './case.ts'
import { directiveSet } from './directive-set.ts'
import { enrolment } from './enrolment.ts'
import { evidence } from './evidence.ts'
import { bookWordBytesMax, contractName, hash, inner, organisationId, randomId, seconds } from './fields.ts'

/** A wallet rarely knows more custodians; one visit introduces them all. */
const custodiansPerVisitMax = 64

/** What a wallet tells a member's node. Each part proves itself by the patient's signature inside. */
export const walletNote = variant({
  /** Enrolment at a custodian. `code` was handed over in person and names the chart there; set 1 is the empty set. */
  enrol: { code: text({ min: 8, max: 64 }), enrolment, set: directiveSet },
  /** The patient checks in at a requester: evidence for each custodian that the wallet points out. */
  'check-in': {
    visit: randomId,
    requester: organisationId,
    evidence: list(evidence, { min: 1, max: custodiansPerVisitMax }),
  },
  /** A new directive set for a custodian that this node hosts. */
  'directive-set': { set: directiveSet },
  /** To the book of a contract at this node; what it says proves itself inside. */
  book: { contract: contractName, body: bytes({ max: bookWordBytesMax }) },
  /** The patient says that an entry or an access is wrong. */
  'open-case': { opened: patientCase },
  /** The patient disagrees with a denial. */
  disagree: { disagreement },
})
export type WalletNote = Infer<typeof walletNote>
export const walletNoteBytesMax = 2 * 1024 * 1024

/** Who speaks: a wallet, which proves itself inside, or a member's node by its key. */
export const noteFrame = object({
  from: variant({
    wallet: {},
    member: { member: organisationId, author: inner },
  }),
  to: organisationId,
  body: bytes({ max: 64 * 1024 * 1024 }),
  /** Zeros: lengths fall into classes, so that a length says little. */
  padding: bytes({ max: 64 * 1024 * 1024 }),
})
export type NoteFrame = Infer<typeof noteFrame>
export const noteBytesMax = 64 * 1024 * 1024

/** Lengths of notes: 512 bytes, then four times as much per class. */
const smallestNoteBytes = 512
const frameBytesAround = 400

/** Bytes that say in CBOR how long a byte string is (RFC 8949 §3). */
function headBytes(length: number): number {
  if (length < 24) return 1
  if (length < 256) return 2
  return length < 65_536 ? 3 : 5
}

/** Zeros that bring a body of this length into its class, with what CBOR says of the lengths of both. */
export function notePadding(bodyLength: number): Uint8Array {
  let size = smallestNoteBytes
  for (;;) {
    const room = size - frameBytesAround - headBytes(bodyLength) - bodyLength
    const head = [1, 2, 3, 5].find((each) => room >= each && headBytes(room - each) === each)
    // A few rooms cannot be filled exactly, since the head grows with the padding: those notes go up one class.
    if (head !== undefined) return new Uint8Array(room - head)
    size *= size < 131_072 ? 4 : 2
  }
}

/** HPKE `info` of every sealed note, and of every notice in a mailbox. */
export const noteInfo = 'plexus/v1/note'
export const noticeInfo = 'plexus/v1/notice'

/** A wallet's request to the member that keeps its mailbox. The address is the SHA-256 of the key that signs. */
export const mailboxRequest = object({
  address: hash,
  /** The number of the last notice that the wallet has; 0 for all. */
  after: uint(),
  madeAt: seconds,
})
export type MailboxRequest = Infer<typeof mailboxRequest>
export const signedMailboxRequest = object({ content: mailboxRequest, signature: inner })
export type SignedMailboxRequest = Infer<typeof signedMailboxRequest>

/** Encoded in a page of notices, oldest first. */
export const noticePage = object({
  notices: list(object({ number: uint(), sealed: bytes({ max: 512 * 1024 }) }), { max: 100 }),
  more: uint(),
})
export type NoticePage = Infer<typeof noticePage>

/** The body of a frame that a wallet sends; padded into its class. */
export function walletFrame(to: string, note: WalletNote): Uint8Array {
  const body = encode(walletNote, note)
  return encode(noteFrame, { from: { type: 'wallet' }, to, body, padding: notePadding(body.length) })
}
