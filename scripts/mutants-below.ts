/** Mistakes below and beside the exchange: policy, ledger, engine, storage, codec, wallet. */
import type { Mutant } from './mutants-list.ts'

export const otherMutants: readonly Mutant[] = [
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
    file: 'packages/kernel/src/tree-tiles.ts',
    find: '  keyed.sort((a, b) => a.first - b.first || compareBytes(a.item.path, b.item.path))\n',
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
    find: 'index, accepted: done.ok })',
    replace: 'index, accepted: false })',
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
    replace:
      '    answerWatches(block.transactions, applied.outcomes, header)\n    store.commit(applied, block.header)\n',
    test: {
      file: 'packages/engine/src/local/replica.test.ts',
      name: 'nobody hears of a block that could not be made durable, and everybody of the same block once it is',
    },
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
