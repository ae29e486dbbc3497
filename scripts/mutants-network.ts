/** Mistakes in our side of the engine that members' nodes agree through. */
import type { Mutant } from './mutants-list.ts'

const folder = 'packages/engine/src/cometbft'
const application = `${folder}/application.test.ts`

export const networkMutants: readonly Mutant[] = [
  {
    name: 'a block is written when it is executed, before it is committed',
    file: `${folder}/application.ts`,
    find: '    executed = { applied, header: kept, names: verified.map(({ name }) => name) }\n',
    replace:
      '    executed = { applied, header: kept, names: verified.map(({ name }) => name) }\n    store.commit(applied, kept)\n',
    test: {
      file: application,
      name: 'a block is durable at its commit and not before, and played again it is the same',
    },
  },
  {
    name: 'the engine of another chain is served',
    file: `${folder}/application.ts`,
    find: "    if (asked.chainId !== expected) return refuseEngine({ type: 'other-chain', expected, came: asked.chainId })\n",
    replace: '',
    test: { file: application },
  },
  {
    name: 'a stranger may connect',
    file: `${folder}/application.ts`,
    find: 'id ? admits(store, id) :',
    replace: 'id ? true :',
    test: { file: application, name: 'a node may connect when the ledger knows it, from any address' },
  },
  {
    name: 'whoever has used its quota up has its signatures verified all the same',
    file: `${folder}/application.ts`,
    find: 'read.ok ? machine.quotaRefusal(store, read.value, now) : undefined',
    replace: 'undefined',
    test: { file: application, name: 'whoever has used its quota up is told before its signature is verified' },
  },
  {
    name: 'a proposal with a forged signature is voted for',
    file: `${folder}/proposal.ts`,
    find: "    if (!holds) return { type: 'unverified', index }\n",
    replace: '',
    test: { file: application, name: 'a proposal with what no node would propose is voted against' },
  },
  {
    name: 'a proposal is as long as what waits',
    file: `${folder}/proposal.ts`,
    find: 'size > bytesMax || ',
    replace: '',
    test: { file: application, name: 'a proposal keeps its order and its bounds, and what is proposed is voted for' },
  },
  {
    name: 'one sponsor goes first with all that it offered',
    file: `${folder}/proposal.ts`,
    find: 'const { sponsor } = envelope.body',
    replace: "const sponsor = ''",
    test: {
      file: application,
      name: 'sponsors take turns in a proposal: one that offers far more waits behind itself',
    },
  },
  {
    name: 'the last validators may leave',
    file: `${folder}/validator-updates.ts`,
    find: '  if (next.size === 0) return []\n',
    replace: '',
    test: {
      file: `${folder}/validator-updates.test.ts`,
      name: 'the last validators stay: an empty set would end the chain',
    },
  },
  {
    name: 'whoever lost its seat keeps it at the engine',
    file: `${folder}/validator-updates.ts`,
    find: '  return [...gone, ...changed]',
    replace: '  return [...changed]',
    test: {
      file: `${folder}/validator-updates.test.ts`,
      name: 'only what changed is told, gone seats with power 0, in the order of the keys',
    },
  },
  {
    name: 'a message of any length is waited for',
    file: `${folder}/frames.ts`,
    find: "        if (this.length > this.max) return no({ type: 'frame-too-long', bytes: this.length, max: this.max })\n",
    replace: '',
    test: {
      file: `${folder}/frames.test.ts`,
      name: 'a length is refused when it is above the limit, longer than any length, or written in two ways',
    },
  },
  {
    name: 'a commit begins while checks are under way',
    file: `${folder}/connection.ts`,
    find: '      if (!together && working > 0) break\n',
    replace: '',
    test: {
      file: `${folder}/connection.test.ts`,
      name: 'what may change the ledger begins when all before it is answered, and nothing begins before it has ended',
    },
  },
  {
    name: 'an answer overtakes the one that was asked for first',
    file: `${folder}/connection.ts`,
    find: '    if (closed || !slots[0]?.response) return\n',
    replace:
      '    slots.sort((a, b) => Number(!a.response) - Number(!b.response))\n    if (closed || !slots[0]?.response) return\n',
    test: {
      file: `${folder}/connection.test.ts`,
      name: 'checks are under way together, and answered in the order in which they were asked',
    },
  },
  {
    name: 'a validator’s key is written over by another',
    file: `${folder}/engine-home.ts`,
    find: "readFileSync(file, 'utf8') !== content",
    replace: "readFileSync(file, 'utf8') === ''",
    test: { file: `${folder}/engine-home.test.ts` },
  },
  {
    name: 'what was signed last is forgotten at each start',
    file: `${folder}/engine-home.ts`,
    find: 'if (!existsSync(signed)) writeWhole(signed',
    replace: 'writeWhole(signed',
    test: { file: `${folder}/engine-home.test.ts`, name: 'a directory is made ready, and again at each start' },
  },
  {
    name: 'an engine that was left behind holds the directory for ever',
    file: `${folder}/supervisor.ts`,
    find: '    endLeftEngine(home.directory)\n',
    replace: '',
    test: {
      file: `${folder}/supervisor.test.ts`,
      name: 'an engine that a killed node left behind is ended first, and no other process',
    },
  },
  {
    name: 'an engine that cannot run is started again at once, for ever',
    file: `${folder}/supervisor.ts`,
    find: '    backOff = Math.min(2 * backOff, backOffMillisecondsMax)\n',
    replace: '',
    test: {
      file: `${folder}/supervisor.test.ts`,
      name: 'an engine that ends is started again, later each time, and says why it ended',
    },
  },
  {
    name: 'what the engine lost is not offered again',
    file: `${folder}/comet-member.ts`,
    find: 'for (const offered of [...open])',
    replace: 'for (const offered of [...open].slice(0, 0))',
    test: {
      file: `${folder}/comet-member.test.ts`,
      name: 'an envelope is answered when the own replica has it, and sent again when the engine lost it',
    },
  },
]
