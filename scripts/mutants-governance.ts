/** Mistakes in how the network governs itself: votes, keys, versions of contracts. */
import type { Mutant } from './mutants-list.ts'

const members = 'packages/contracts/src/members'

export const governanceMutants: readonly Mutant[] = [
  {
    name: 'two thirds of the votes are enough',
    file: `${members}/queries.ts`,
    find: 'passes: 3 * inFavour > 2 * of',
    replace: 'passes: 3 * inFavour >= 2 * of',
    test: { file: `${members}/voting.test.ts` },
  },
  {
    name: 'all members of one owner count',
    file: `${members}/queries.ts`,
    find: 'inFavour += Math.min(group.inFavour, max)',
    replace: 'inFavour += group.inFavour',
    test: { file: `${members}/one-owner.test.ts` },
  },
  {
    name: 'votes are not counted again when a proposal takes effect',
    file: `${members}/voting.ts`,
    find: 'if (known.dueAt === null || !passes) return no(',
    replace: 'if (known.dueAt === null) return no(',
    test: {
      file: `${members}/voting.test.ts`,
      name: 'is counted again when it takes effect: who was suspended meanwhile no longer stands behind it',
    },
  },
  {
    name: 'a vote may shorten the delay',
    file: `${members}/enacting.ts`,
    find: 'votingDelaySeconds: { min: 7 * day,',
    replace: 'votingDelaySeconds: { min: 0,',
    test: {
      file: `${members}/voting.test.ts`,
      name: 'T-33: parameter-out-of-bounds: no vote shortens the delay below seven days, or below what the founding said',
    },
  },
  {
    name: 'any key follows any key',
    file: `${members}/keys.ts`,
    find: "    if (!known.next || signer?.handle !== toHex(known.next)) return no({ type: 'not-the-next-key' })\n",
    replace: "    if (!signer) return no({ type: 'not-the-next-key' })\n",
    test: {
      file: `${members}/keys.test.ts`,
      name: 'T-22: whoever stole a key, and not its successor, cannot rotate it',
    },
  },
  {
    name: 'a fresh key that governs is in force at once',
    file: `${members}/keys.ts`,
    find: "['credentials', 'governance', 'sponsor']",
    replace: "['credentials', 'sponsor']",
    test: {
      file: `${members}/keys.test.ts`,
      name: 'T-22: a key that governs, sponsors or vouches for clinicians waits, in sight of everybody',
    },
  },
  {
    name: 'custody is handed over before the delay is over',
    file: `${members}/leaving.ts`,
    find: "    if (time < leaving.dueAt) return no({ type: 'not-due', dueAt: leaving.dueAt })\n    const succession",
    replace: '    const succession',
    test: {
      file: `${members}/leaving.test.ts`,
      name: 'T-22: what a thief announced, whoever else governs withdraws; no accomplice makes it final before the delay is over',
    },
  },
  {
    name: 'a version takes over and its migration is left out',
    file: 'packages/kernel/src/versions.ts',
    find: '        migrate(overlay, contract)\n        const event',
    replace: '        const event',
    test: {
      file: 'packages/kernel/src/versions.test.ts',
      name: 'at its height a version takes over: its migration runs before the first transaction, and the feed says so',
    },
  },
  {
    name: 'the node goes on under a version that it has instead of the one decided on',
    file: 'packages/kernel/src/versions.ts',
    find: 'const contract = this.byVersion.get(placeOf(name, version))\n      if (!contract)\n',
    replace:
      'const contract = this.byVersion.get(placeOf(name, version)) ?? this.byVersion.get(placeOf(name, version - 1))\n      if (!contract)\n',
    test: {
      file: 'packages/kernel/src/versions.test.ts',
      name: 'a build that lacks a version stops before the block of its height, and says what to install',
    },
  },
  {
    name: 'a batch in flight stays under the key that was rotated',
    file: 'packages/exchange/src/batches.ts',
    find: ' || (ownKey && !isSignedBy(flight.envelope, ownKey))',
    replace: '',
    test: {
      file: 'packages/exchange/src/batches.test.ts',
      name: 'offers what is in flight again at once under the new key, and signs what comes later with it',
    },
  },
]
