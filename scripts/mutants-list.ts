/**
 * Deliberate mistakes, one a line of code each, and for each the test that must notice it. `npm run mutants` makes them
 * one at a time. A rule of design that no mistake here breaks is a rule that nobody knows to be tested.
 */
export interface Mutant {
  /** The mistake, as a sentence. */
  readonly name: string
  /** Path from the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  readonly test: {
    readonly file: string
    /** Title of the one test that must fail, as it stands in the file; without it, any test of the file. */
    readonly name?: string
  }
}

const exchange = 'packages/exchange/src'
const access = `${exchange}/access.test.ts`
const requester = `${exchange}/requester.test.ts`

export const mutants: readonly Mutant[] = [
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
    file: `${exchange}/batches.ts`,
    find: 'const height = place && this.find(place.root)?.height',
    replace: 'const height = place && (this.find(place.root)?.height ?? this.replica.tip().height)',
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
    find: 'replica.tip().height === height ? before : weigh(this.parts, intent.value, evidence, row.patient)',
    replace: 'before',
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
    find: "if (row.state === 'released' && !this.headOpen(row))",
    replace: "if (row.state === 'void' && !this.headOpen(row))",
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
    find: "status === 'current' && this.batches.committedAt(hashed) !== undefined",
    replace: "status === 'current' && hashed !== undefined",
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
    name: 'an erased record keeps its key',
    file: `${exchange}/custody.ts`,
    find: '    this.vault.eraseRecord(known.record)\n',
    replace: '',
    test: {
      file: `${exchange}/custody.test.ts`,
      name: 'as a record does not open, and is not weighed; its version stays in the chain',
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
    find: '      this.due.set(key, { at: 0, wait: 0 })\n      last =',
    replace: '      last =',
    test: {
      file: `${exchange}/outbox.test.ts`,
      name: 'goes on after a restart, and a new duty takes no old one’s place',
    },
  },
  {
    name: 'a batch that the engine lost is not offered again',
    file: `${exchange}/batches.ts`,
    find: 'if (now - this.submittedAt >= resubmitSeconds) this.submit(row.envelope, now)',
    replace: 'if (this.submittedAt > now) this.submit(row.envelope, now)',
    test: {
      file: `${exchange}/batches.test.ts`,
      name: 'is submitted again byte for byte, every two seconds',
    },
  },

  // May this be released?
  {
    name: 'the grade of the evidence is not asked for',
    file: 'packages/policy/src/decide.ts',
    find: "    else if (grade === 'self-asserted' && !summaryTypes.includes(record.resourceType)) reasons.add('summary-only')\n",
    replace: '',
    test: {
      file: 'packages/policy/src/decide.test.ts',
      name: 'summary-only: on the asker’s own word allergies, problems and medicines are shown, never the chart',
    },
  },
  {
    name: 'one patient more than the ceiling is answered',
    file: 'packages/policy/src/decide.ts',
    find: 'byRequester >= parameters.selfAssertedPatientsPerDayMax',
    replace: 'byRequester > parameters.selfAssertedPatientsPerDayMax',
    test: { file: 'packages/policy/src/refusals.test.ts' },
  },
  {
    name: 'evidence of the same block as the intent is accepted',
    file: 'packages/policy/src/decide.ts',
    find: 'committedAt >= request.intentCommittedAt',
    replace: 'committedAt > request.intentCommittedAt',
    test: {
      file: 'packages/policy/src/refusals.test.ts',
      name: 'one bad piece among good ones spoils the request: what an intent names, it stands for',
    },
  },

  // The ledger.
  {
    name: 'changes are walked in the order in which they were made',
    file: 'packages/kernel/src/state.ts',
    find: '.filter((key) => key.startsWith(prefix)).sort()',
    replace: '.filter((key) => key.startsWith(prefix))',
    test: {
      file: 'packages/kernel/src/state.test.ts',
      name: 'reads, alone and nested, as a plain map with the same writes would, in key order',
    },
  },
  {
    name: 'the state tree takes changes as they come',
    file: 'packages/kernel/src/state-tree.ts',
    find: '    .sort((a, b) => compareBytes(a.path, b.path))\n',
    replace: '',
    test: {
      file: 'packages/kernel/src/state-tree.test.ts',
      name: 'depends neither on the order of changes nor on how they are batched',
    },
  },
  {
    name: 'a proof may claim another end than it shows',
    file: 'packages/kernel/src/state-tree.ts',
    find: "  if ((end.type === 'present') !== (value !== null)) return false\n",
    replace: '',
    test: {
      file: 'packages/kernel/src/state-tree.test.ts',
      name: 'has one form: what it says of the end of the path must be what is claimed',
    },
  },
  {
    name: 'accepted envelopes are not remembered',
    file: 'packages/kernel/src/machine.ts',
    find: '    overlay.set(seenKey(envelope.body.validUntil, envelope.id), nothing)\n',
    replace: '',
    test: {
      file: 'packages/kernel/src/machine-refusals.test.ts',
      name: 'replayed: an envelope that was accepted before, in the same block or a later one',
    },
  },
  {
    name: 'signatures of envelopes are not verified',
    file: 'packages/kernel/src/machine.ts',
    find: "    if (!holds(envelope)) return refuse('signature-invalid')\n",
    replace: '',
    test: {
      file: 'packages/kernel/src/machine-refusals.test.ts',
      name: 'signature-invalid: one wrong bit, or a signature too few',
    },
  },
  {
    name: 'any key closes any handle',
    file: 'packages/contracts/src/notary/rules.ts',
    find: "    if (!signers.some((signer) => signer.handle === id)) return no({ type: 'not-its-key' })\n",
    replace: '',
    test: {
      file: 'packages/contracts/src/notary/rules.test.ts',
      name: "not-its-key: another key's signature closes nothing",
    },
  },
  {
    name: 'a replica tells of a block before it is durable',
    file: 'packages/engine/src/local/replica.ts',
    find: '    store.commit(applied, block.header)\n',
    replace: '    queueMicrotask(() => store.commit(applied, block.header))\n',
    test: { file: 'packages/engine/src/local/replica.test.ts', name: 'a block is applied, durable, and heard of once' },
  },

  // At rest, in the codec, and in the wallet.
  {
    name: 'a sealed journal writes in the clear',
    file: 'packages/store/src/journal.ts',
    find: 'value: value && seal(table, key, value),',
    replace: 'value,',
    test: {
      file: 'packages/store/src/journal.test.ts',
      name: 'sealed values cannot be read from the disk, and plain ones can',
    },
  },
  {
    name: 'a member of an object may come twice',
    file: 'packages/codec/src/json-reader.ts',
    find: "if (members.size === count) return this.#refuse('duplicate-key', keyAt, 'a key once per object', 'a key again')",
    replace: '',
    test: { file: 'packages/codec/src/json.test.ts' },
  },
  {
    name: 'a wallet overlooks a gap in the receipts',
    file: 'packages/sdk/src/wallet/history.ts',
    find: "    if (number > next) found.push({ type: 'gap', custodian, from: next, to: number - 1 })\n",
    replace: '',
    test: {
      file: 'packages/sdk/src/wallet/history.test.ts',
      name: 'gap: which numbers are missing, until they come',
    },
  },
  {
    name: 'a wallet lets a release at the very height of the closing pass',
    file: 'packages/sdk/src/wallet/history.ts',
    find: 'if (endedAt !== null && decidedAt >= endedAt)',
    replace: 'if (endedAt !== null && decidedAt > endedAt)',
    test: {
      file: 'packages/sdk/src/wallet/history.test.ts',
      name: 'stale head: released on a state at or after the closing of its head',
    },
  },
  {
    name: 'a bundle proves an intent of the same block as its receipt',
    file: 'packages/sdk/src/bundle.ts',
    find: "if (height >= answer.height) return refusal('receipt-not-after-intent', 'receipt')",
    replace: "if (height > answer.height) return refusal('receipt-not-after-intent', 'receipt')",
    test: { file: 'packages/sdk/src/bundle.test.ts' },
  },
]
