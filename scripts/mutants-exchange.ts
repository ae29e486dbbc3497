/** Mistakes of the exchange itself: what leaves and when, what is believed, what must arrive. */
import type { Mutant } from './mutants-list.ts'

const exchange = 'packages/exchange/src'
const access = `${exchange}/access.test.ts`
const requester = `${exchange}/requester.test.ts`

export const exchangeMutants: readonly Mutant[] = [
  // What leaves, and when (design: INV-R1 … INV-R5).
  {
    name: 'a custodian concludes before its receipt is committed',
    file: `${exchange}/custodian.ts`,
    find: 'if (this.parts.batches.committedAt(row.receipt) !== undefined) await this.conclude(key, row)',
    replace: 'await this.conclude(key, row)',
    test: { file: access, name: 'nothing is answered and nothing released while the receipt waits for a block' },
  },
  {
    name: 'a leaf counts as committed as soon as its batch is formed',
    file: `${exchange}/openings.ts`,
    find: 'this.heights.keep(group, stands && this.find(stands.root)?.height)',
    replace: 'this.heights.keep(group, stands && (this.find(stands.root)?.height ?? 1))',
    test: { file: `${exchange}/batches.test.ts`, name: 'is not committed before its block is applied here' },
  },
  {
    name: 'the second decision is not held against the first',
    file: `${exchange}/custodian.ts`,
    find: 'const before = weigh(this.parts, intent.value, evidence, row.patient)',
    replace:
      'const before = { ...weigh(this.parts, intent.value, evidence, row.patient), fingerprint: row.fingerprint }',
    test: {
      file: access,
      name: 'voids what the first granted when the clinician’s licence was suspended in between',
    },
  },
  {
    name: 'a block that comes while a release is sealed is not looked at',
    file: `${exchange}/custodian.ts`,
    find: 'const weighed = stands ? before : weigh(this.parts, intent.value, evidence, row.patient)',
    replace: 'const weighed = stands ? before : before',
    test: { file: access, name: 'voids it when a block came while the keys were being sealed' },
  },
  {
    name: 'a directive head is taken for open whatever the ledger says',
    file: `${exchange}/facts.ts`,
    find: "head: set ? (head?.status === 'open' ? 'open' : 'closed') : 'none',",
    replace: "head: set ? 'open' : 'none',",
    test: { file: access, name: 'closed before the first decision: refused, with a receipt' },
  },
  {
    name: 'a repeat is served after the head was closed',
    file: `${exchange}/custodian.ts`,
    find: '(!inDoubt() && this.headOpen(row))',
    replace: '!inDoubt()',
    test: { file: access, name: 'closed after the release: a repeat is refused, and nothing of the answer leaves' },
  },
  {
    name: 'a repeated request is decided anew',
    file: `${exchange}/custodian.ts`,
    find: 'if (known) return this.repeat(key, known)',
    replace: "if (known?.state === 'deciding') return",
    test: {
      file: access,
      name: 'a repeated request gets the same receipt, note and release, and no second receipt',
    },
  },
  {
    name: 'a repeat is served after the intent has expired',
    file: `${exchange}/custodian.ts`,
    find: "if (row.state === 'released' && this.latest() > row.expiresAt)",
    replace: "if (row.state === 'void' && this.latest() > row.expiresAt)",
    test: { file: access, name: 'a repeat after the intent’s end gets nothing of the answer' },
  },
  {
    name: 'an intent is answered to whoever sends it',
    file: `${exchange}/custodian.ts`,
    find: '    if (intent.batch.member !== from) return\n',
    replace: '',
    test: { file: access, name: 'an intent that another member sends is not answered' },
  },
  {
    name: 'ciphertexts are handed to whoever asks',
    file: `${exchange}/custodian.ts`,
    find: 'if (released?.to !== from) return undefined',
    replace: 'if (!released) return undefined',
    test: { file: access, name: 'ciphertexts go to nobody but the receiver of the release' },
  },
  {
    name: 'the notice is written after the release, not with it',
    file: `${exchange}/custodian.ts`,
    find: '      ...notice,\n    ])\n',
    replace: '    ])\n    journal.write(notice)\n',
    test: { file: access, name: 'release, release note and notice are one write' },
  },
  {
    name: 'notes and envelopes leave before what they follow from is durable',
    file: `${exchange}/leaving.ts`,
    find: 'if (!durable && this.waiting.size === 0) {',
    replace: 'if (this.waiting.size === 0) {',
    test: { file: `${exchange}/leaving.test.ts`, name: 'waits for the disk, and goes in order' },
  },
  {
    name: 'a receipt does not name the one before it',
    file: `${exchange}/receipts.ts`,
    find: 'receipts: row.receipts + 1, lastReceipt: committed.hash',
    replace: 'receipts: row.receipts + 1',
    test: { file: access, name: 'numbers rise by one, and each names the one before' },
  },
  {
    name: 'two receipts have one number',
    file: `${exchange}/receipts.ts`,
    find: 'receipts: row.receipts + 1, lastReceipt: committed.hash',
    replace: 'lastReceipt: committed.hash',
    test: { file: access, name: 'numbers rise by one, and each names the one before' },
  },
  {
    name: 'a record version is released before its leaf is committed',
    file: `${exchange}/custody.ts`,
    find: "status === 'current' && this.batches.committedAt(leaf) !== undefined",
    replace: "status === 'current' && leaf !== undefined",
    test: { file: access, name: 'a record version whose leaf is not committed is not released' },
  },
  {
    name: 'a record that was entered in error stays current',
    file: `${exchange}/custody.ts`,
    find: "{ ...known, status: 'entered-in-error' }),",
    replace: '{ ...known }),',
    test: {
      file: `${exchange}/custody.test.ts`,
      name: 'is current no more, and its marking is a version that replaces it',
    },
  },
  {
    name: 'a receipt tells count and head of a segment that stays closed',
    file: `${exchange}/receipts.ts`,
    find: 'if (open.includes(segment)) return',
    replace: 'if (open.length >= 0) return',
    test: {
      file: `${exchange}/weigh.test.ts`,
      name: 'a segment that stays closed stands in the receipt as a commitment, without its name, count or head',
    },
  },

  {
    name: 'an erased record keeps its key',
    file: `${exchange}/custody.ts`,
    find: "if (where.object !== '') this.vault.eraseRecord(record)",
    replace: "if (where.object === '') this.vault.eraseRecord(record)",
    test: {
      file: `${exchange}/custody.test.ts`,
      name: 'as a record does not open, and is not weighed; its version stays in the chain',
    },
  },

  {
    name: 'a voided grant is not told to the patient',
    file: `${exchange}/custodian.ts`,
    find: '      this.parts.receipts.duty(row.receipt, row),\n      this.parts.receipts.duty(written.hash, row),\n',
    replace: '      this.parts.receipts.duty(written.hash, row),\n',
    test: {
      file: `${exchange}/weigh.test.ts`,
      name: 'of a grant that was voided, and of the void receipt: the chain has no gap',
    },
  },
  {
    name: 'self-asserted requests are not counted',
    file: `${exchange}/custodian.ts`,
    find: '      ...this.parts.selfAsserted.count(content, patient, weighed.decision, this.parts.replica.tip().time),\n',
    replace: '',
    test: { file: `${exchange}/weigh.test.ts` },
  },
  {
    name: 'an intent stands without the clinician’s signature',
    file: `${exchange}/facts.ts`,
    find: '    holds: verify(\n      clinician.key,',
    replace: '    holds: clinician.key.length === 32 || verify(\n      clinician.key,',
    test: { file: `${exchange}/weigh.test.ts`, name: 'is refused when the clinician’s signature does not hold' },
  },
  {
    name: 'an enrolment code is good twice',
    file: `${exchange}/wallet-door.ts`,
    find: '      this.codes.drop(codeKey),\n',
    replace: '',
    test: { file: `${exchange}/wallet-door.test.ts`, name: 'is taken with the code that was handed over, once' },
  },
  {
    name: 'anybody may bring a directive set',
    file: `${exchange}/wallet-door.ts`,
    find: "    if (!this.setSigned(set)) return no({ type: 'signature-invalid' })\n",
    replace: '',
    test: {
      file: `${exchange}/wallet-door.test.ts`,
      name: 'with anything changed after it was signed is refused',
    },
  },
  {
    name: 'a correction is believed whoever sends it',
    file: `${exchange}/corrections.ts`,
    find: ' ||\n      members.queries.hostOf(view, content.custodian) !== from\n',
    replace: '\n',
    test: {
      file: `${exchange}/corrections.test.ts`,
      name: 'is not taken from another, changed, or under another key',
    },
  },

  // The asking side.
  {
    name: 'all intents of an ask share one session key',
    file: `${exchange}/requester.ts`,
    find: 'const seed = surroundings.random(32)',
    replace: 'const seed = new Uint8Array(32).fill(id[0] ?? 0)',
    test: { file: access, name: 'each custodian is asked with a session key of its own' },
  },
  {
    name: 'the session secret outlives the answer',
    file: `${exchange}/requester.ts`,
    find: '      session: null,\n      height: note.note.content.height,',
    replace: '      height: note.note.content.height,',
    test: { file: access, name: 'the session secret is gone once the answer is open' },
  },
  {
    name: 'a received ciphertext is not held against its commitment',
    file: `${exchange}/answer-check.ts`,
    find: '!equalBytes(sha256(ciphertext), version.ciphertextHash)',
    replace: 'ciphertext.length === 0',
    test: { file: requester, name: 'that open to the right bytes are nothing without both committed hashes' },
  },
  {
    name: 'an opened record is not held against its commitment',
    file: `${exchange}/answer-check.ts`,
    find: '!opened.ok || !equalBytes(sha256(opened.value), version.plaintextHash)',
    replace: '!opened.ok',
    test: { file: requester, name: 'that open to the right bytes are nothing without both committed hashes' },
  },
  {
    name: 'the records of an answer need not be those of the receipt',
    file: `${exchange}/answer-check.ts`,
    find: ' || !equalBytes(root, told.recordsRoot)',
    replace: '',
    test: { file: requester },
  },
  {
    name: 'an answer may carry the receipt of another intent',
    file: `${exchange}/answer-check.ts`,
    find: ' || !equalBytes(told.intent, note.intent)',
    replace: '',
    test: { file: requester, name: 'to another intent is not this one’s' },
  },
  {
    name: 'any member may refuse in a custodian’s name',
    file: `${exchange}/requester.ts`,
    find: "if (!row || row.to !== from || (row.state !== 'sent'",
    replace: "if (!row || (row.state !== 'sent'",
    test: { file: requester, name: 'of a member that was not asked is not heard, and neither is its refusal' },
  },
  {
    name: 'a check-in is believed whoever signed it',
    file: `${exchange}/facts.ts`,
    find: "content.subject.type === 'key' && equalBytes(content.subject.key, first.key)",
    replace: "content.subject.type === 'key'",
    test: {
      file: requester,
      name: 'does not take evidence for another requester, about no custodian, or with a signature that does not hold',
    },
  },

  // Notes, mailboxes and what must arrive.
  {
    name: 'a note is not bound to its receiver',
    file: `${exchange}/notes.ts`,
    find: 'encode(signedNote, { from, to, body })',
    replace: "encode(signedNote, { from, to: '', body })",
    test: { file: `${exchange}/notes.test.ts`, name: 'that was signed for another receiver and is passed on' },
  },
  {
    name: 'a note for another member is taken',
    file: `${exchange}/notes.ts`,
    find: "    if (to !== this.member) return no({ type: 'note-not-for-us' })\n",
    replace: '',
    test: { file: `${exchange}/notes.test.ts`, name: 'that names another receiver' },
  },
  {
    name: 'a deposit is acknowledged before it is durable',
    file: `${exchange}/exchange.ts`,
    find: "        this.mailboxes.deposit(note)\n        await this.desk.tell(from, { type: 'deposited', id: note.id })\n",
    replace:
      "        await this.desk.tell(from, { type: 'deposited', id: note.id })\n        this.mailboxes.deposit(note)\n",
    test: {
      file: `${exchange}/mailbox.test.ts`,
      name: 'a node that stops in front of a deposit acknowledges nothing, and the sender sends again',
    },
  },
  {
    name: 'a mailbox opens to any key',
    file: `${exchange}/mailbox.ts`,
    find: "    if (!equalBytes(handleOf(signature.key), content.address)) return no({ type: 'not-its-key' })\n",
    replace: '',
    test: { file: `${exchange}/mailbox.test.ts` },
  },
  {
    name: 'the outbox forgets its duties with a restart',
    file: `${exchange}/outbox.ts`,
    find: '      this.repeats.begin(key)\n      last =',
    replace: '      last =',
    test: {
      file: `${exchange}/outbox.test.ts`,
      name: 'goes on after a restart, and a new duty takes no old one’s place',
    },
  },
  {
    name: 'a batch that the engine lost is not offered again',
    file: `${exchange}/batches.ts`,
    find: 'if (now - flight.submittedAt >= resubmitSeconds || now < flight.submittedAt)',
    replace: 'if (now < flight.submittedAt)',
    test: {
      file: `${exchange}/batches.test.ts`,
      name: 'is submitted again byte for byte, every two seconds',
    },
  },
]
