/** Mistakes in the state tree, the store, the turns of members and the public logs. */
import type { Mutant } from './mutants-list.ts'

export const storageMutants: readonly Mutant[] = [
  {
    name: 'a tile of another tree is taken for one’s own',
    file: 'packages/kernel/src/tree-tiles.ts',
    find: '  if (compareBytes(topHash, hash) !== 0) throw damaged(place)\n',
    replace: '',
    test: {
      file: 'packages/kernel/src/state-tree.test.ts',
      name: 'missing or damaged, or those of another tree, stop the reader, since the store is broken',
    },
  },
  {
    name: 'the past is told one block off',
    file: 'packages/kernel/src/past-states.ts',
    find: 'for (let next = height + 1; next <= last; next++)',
    replace: 'for (let next = height; next <= last; next++)',
    test: {
      file: 'packages/kernel/src/past-states.test.ts',
      name: 'every height inside the bounds is told as it was, and none outside them',
    },
  },
  {
    name: 'a key that a block made is told of the states before it',
    file: 'packages/store/src/ledger-tables.ts',
    find: 'return changes.map(({ key }) => [key, known.has(key) ? (this.state.get(key) ?? null) : null])',
    replace: 'return changes.filter(({ key }) => known.has(key)).map(({ key }) => [key, this.state.get(key) ?? null])',
    test: { file: 'packages/store/src/ledger-store.test.ts' },
  },
  {
    name: 'what waits is forgotten with what was written before it',
    file: 'packages/store/src/buffered-table.ts',
    find: 'if (this.known.get(entry.key) === entry) this.known.delete(entry.key)',
    replace: 'this.known.delete(entry.key)',
    test: { file: 'packages/store/src/buffered-table.test.ts' },
  },
  {
    name: 'the older of two files of the journal is taken to be the first',
    file: 'packages/store/src/write-ahead.ts',
    find: '.sort((a, b) => a.next.value.number - b.next.value.number)',
    replace: '',
    test: {
      file: 'packages/store/src/write-ahead.test.ts',
      name: 'blocks of both files come back in order, whichever holds the older ones',
    },
  },
  {
    name: 'what was durable and is missing is taken for what a power cut took',
    file: 'packages/store/src/write-ahead.ts',
    find: 'else if (record.durableBelow > gap) throw missingRecord(directory, gap, record.number)',
    replace: '',
    test: {
      file: 'packages/store/src/write-ahead.test.ts',
      name: 'what was durable when a later record was written is damage when it is missing',
    },
  },
  {
    name: 'what stood behind a gap comes back with the next write',
    file: 'packages/store/src/write-ahead.ts',
    find: 'else file.drop(record)',
    replace: '',
    test: {
      file: 'packages/store/src/write-ahead.test.ts',
      name: 'of what nobody was told is durable a power cut may take anything, and a beginning stays',
    },
  },
  {
    name: 'a refusal covers the acceptance of the same envelope',
    file: 'packages/store/src/places.ts',
    find: '    if (known && (this.slots[slot + 2] as number) % 2 === 1) return\n',
    replace: '',
    test: {
      file: 'packages/store/src/places.test.ts',
      name: 'an acceptance is found, never covered by a refusal of the same envelope, and remembered over a restart',
    },
  },
  {
    name: 'after a restart nobody remembers what was accepted',
    file: 'packages/store/src/places.ts',
    find: 'for (const [key, record] of table.range({ start: asciiText(numberKey(time)) }))',
    replace: 'for (const [key, record] of table.range({ start: asciiText(numberKey(time + 600)) }))',
    test: {
      file: 'packages/store/src/places.test.ts',
      name: 'an acceptance is found, never covered by a refusal of the same envelope, and remembered over a restart',
    },
  },
  {
    name: 'the quota is asked for after the signatures',
    file: 'packages/kernel/src/machine.ts',
    find: 'return overQuota({ quotas, ...grounds.at(reader, (tip?.height ?? 0) + 1) }, sponsor, 0)',
    replace: 'return undefined',
    test: {
      file: 'packages/kernel/src/machine.test.ts',
      name: 'says at the door what was used up, and when the next minute begins',
    },
  },
  {
    name: 'members take no turns in front of verification',
    file: 'packages/engine/src/local/intake.ts',
    find: '      queues.delete(member)\n',
    replace: '',
    test: {
      file: 'packages/engine/src/local/intake.test.ts',
      name: 'T-18: a member with a thousand envelopes in front of it waits behind itself, and the others do not',
    },
  },
  {
    name: 'a log goes on where its blocks are not those that it signed',
    file: 'apps/node/src/checkpoints.ts',
    find: 'if (!equalBytes(this.rootOf(signed.size), signed.root))',
    replace: 'if (signed.size < 0)',
    test: { file: 'apps/node/conformance/rewritten-history.test.ts' },
  },
  {
    name: 'a checkpoint of another log is taken for this one’s',
    file: 'packages/sdk/src/checkpoint/checkpoint.ts',
    find: "  if (checkpoint.value.origin !== log.name)\n    return no({ type: 'checkpoint-of-another-log', origin: checkpoint.value.origin })\n",
    replace: '',
    test: {
      file: 'packages/sdk/src/checkpoint/checkpoint.test.ts',
      name: 'of another member, or signed by another key, it is refused',
    },
  },
]
