/** Mistakes between nodes: who is let in, what is believed, what grows. */
import type { Mutant } from './mutants-list.ts'

const peers = 'packages/peers/src'
const test = `${peers}/peers.test.ts`
const hostile = `${peers}/hostile.test.ts`

export const peerMutants: readonly Mutant[] = [
  {
    name: 'any key of the network is taken for the member’s own',
    file: `${peers}/dial.ts`,
    find: 'if (key === undefined || holder !== member)',
    replace: 'if (key === undefined || holder === undefined)',
    test: { file: test, name: 'whoever answers at the address under another member’s key gets nothing' },
  },
  {
    name: 'whoever has a key of its own comes in',
    file: `${peers}/listener.ts`,
    find: 'if (key === undefined || member === undefined || socket',
    replace: 'if (key === undefined || socket',
    test: {
      file: test,
      name: 'whoever comes under a key that the ledger does not know is turned away before it can say anything',
    },
  },
  {
    name: 'the key is held against the ledger once, when the connection begins',
    file: `${peers}/listener.ts`,
    find: 'if (options.holderOf(guest.key) !== member) {',
    replace: 'if (guest.key === member) {',
    test: { file: test, name: 'a request over an open connection is held against the ledger of that moment' },
  },
  {
    name: 'a connection goes on from an earlier one',
    file: `${peers}/certificate.ts`,
    find: 'secureOptions: constants.SSL_OP_NO_TICKET',
    replace: 'secureOptions: 0 * constants.SSL_OP_NO_TICKET',
    test: { file: hostile, name: 'no connection goes on from an earlier one: the key is shown each time' },
  },
  {
    name: 'notes wait for a peer that is down',
    file: `${peers}/peer.ts`,
    find: "if (this.breaker.state(now) === 'open') this.finish(waiting, 'peer-down')",
    replace: "if (this.breaker.state(now) === 'half-open') this.finish(waiting, 'peer-down')",
    test: {
      file: test,
      name: 'a peer that is down takes no memory: what is sent to it meanwhile is left to its owner at once',
    },
  },
  {
    name: 'what waited for a connection leaves whatever has happened since',
    file: `${peers}/peer.ts`,
    find: 'if (next.mayLeave()) this.dispatch',
    replace: 'if (next.tries >= 0) this.dispatch',
    test: {
      file: test,
      name: 'a note that may not leave any more when the connection is there is withheld, and the next one goes',
    },
  },
  {
    name: 'a note that was broken off keeps its room',
    file: `${peers}/note-intake.ts`,
    find: 'if (held) quota.release(length)',
    replace: 'if (held && bytes === length) quota.release(length)',
    test: {
      file: hostile,
      name: 'a member’s note that comes too slowly is broken off, and the room for it is free again',
    },
  },
  {
    name: 'no quota is asked',
    file: `${peers}/quota.ts`,
    find: 'if (this.left < 1) return',
    replace: 'if (this.left < -1e9) return',
    test: { file: test, name: 'the flood of one member ends at its quota, and another is heard at once' },
  },
  {
    name: 'wallets’ asks are spent from what a member’s notes may be',
    file: `${peers}/note-intake.ts`,
    find: 'const quota = isOfWallet ? quotas.wallets : quotas.notes',
    replace: 'const quota = isOfWallet ? quotas.notes : quotas.notes',
    test: {
      file: `${peers}/wallets.test.ts`,
      name: 'whoever spends what it may ask for wallets can bring its notes all the same',
    },
  },
  {
    name: 'one member may have all asks of wallets in hand',
    file: `${peers}/questions.ts`,
    find: 'if (this.all >= atOnceMax || own >= perMemberMax) return false',
    replace: 'if (this.all >= atOnceMax || own >= atOnceMax + perMemberMax) return false',
    test: {
      file: `${peers}/wallets.test.ts`,
      name: 'a member has a few asks of wallets in hand and no more, from their first byte on; another is heard',
    },
  },
  {
    name: 'each wallet waits for itself until a member counts as away',
    file: 'apps/node/src/wallet-relay.ts',
    find: 'else this.away.set(member, this.parts.now() + awaySeconds)',
    replace: 'else this.away.set(member, this.parts.now() - awaySeconds)',
    test: {
      file: 'apps/node/src/wallet-relay.test.ts',
      name: 'keeps nobody waiting: after the first all hear of it at once, until it is tried again',
    },
  },
  {
    name: 'an enrolment that was refused counts as one',
    file: 'packages/sdk/src/wallet/state.ts',
    find: 'enrolledAt > 0 ||',
    replace: 'enrolledAt >= 0 ||',
    test: {
      file: 'packages/sdk/src/wallet/wallet.test.ts',
      name: 'that was not taken is made again with another code, from the handles that are open',
    },
  },
]
