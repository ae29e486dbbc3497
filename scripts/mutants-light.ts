/** Mistakes of the light client: what is believed for the votes of validators, and what a liar could make of it. */
import type { Mutant } from './mutants-list.ts'

const light = 'packages/sdk/src/light'
const attacks = { file: `${light}/attacks.test.ts` }
const following = { file: `${light}/follow.test.ts` }
const bundles = { file: `${light}/bundle-light.test.ts` }
const header = `${light}/verify-header.ts`
const commit = `${light}/verify-commit.ts`

export const lightMutants: readonly Mutant[] = [
  {
    name: 'exactly two thirds of the power commit a block',
    file: commit,
    find: "return counted.value > needed ? ok() : no({ type: 'too-little-power'",
    replace: "return counted.value >= needed ? ok() : no({ type: 'too-little-power'",
    test: attacks,
  },
  {
    name: 'a third of the trusted validators is enough',
    file: commit,
    find: "return counted.value > needed ? ok() : no({ type: 'too-little-trusted-power'",
    replace: "return counted.value >= needed ? ok() : no({ type: 'too-little-trusted-power'",
    test: attacks,
  },
  {
    name: 'votes for nothing count',
    file: commit,
    find: "if (vote.type !== 'block') continue",
    replace: "if (vote.type === 'absent') continue",
    test: attacks,
  },
  {
    name: 'a validator that is known votes twice',
    file: commit,
    find: "if (seen.has(address)) return no({ type: 'voted-twice', index })",
    replace: '',
    test: attacks,
  },
  {
    name: 'a vote counts in the place of another validator',
    file: commit,
    find: 'return validator && equalBytes(validator.address, voter) ? validator',
    replace: 'return validator ? validator',
    test: attacks,
  },
  {
    name: 'votes are judged by the strict profile',
    file: 'packages/crypto/src/zip215.ts',
    find: 'return ed25519.verify(signature, message, publicKey, { zip215: true })',
    replace: 'return false',
    test: attacks,
  },
  {
    name: 'votes are judged without the old encodings',
    file: 'packages/crypto/src/zip215.ts',
    find: 'zip215: true',
    replace: 'zip215: false',
    test: { file: 'packages/crypto/src/zip215.test.ts' },
  },
  {
    name: 'signatures of votes are not asked for',
    file: commit,
    find: 'if (!verifyZip215(',
    replace: 'if (vote.signature.length === 0 && !verifyZip215(',
    test: attacks,
  },
  {
    name: 'the validators of the next header need not be announced',
    file: header,
    find: "if (!equalBytes(next.header.validatorsHash, trusted.header.nextValidatorsHash))\n    return no({ type: 'validators-not-announced' })",
    replace: '',
    test: attacks,
  },
  {
    name: 'validators need not be those of the header',
    file: header,
    find: 'return equalBytes(validatorsHashOf(validators), header.validatorsHash)',
    replace: 'return validators.length > 0',
    test: attacks,
  },
  {
    name: 'further on, only known validators are asked',
    file: header,
    find: 'return known.ok ? ownValidatorsVoted(next, holding) : known',
    replace: 'return known',
    test: attacks,
  },
  {
    name: 'further on, nobody known is asked',
    file: header,
    find: 'return known.ok ? ownValidatorsVoted(next, holding) : known',
    replace: 'return ownValidatorsVoted(next, holding)',
    test: attacks,
  },
  {
    name: 'trust does not end',
    file: header,
    find: "if (!isBefore(now, later(trusted.header.time, trustingSeconds))) return no({ type: 'trust-expired' })",
    replace: '',
    test: attacks,
  },
  {
    name: 'a header may come from the future',
    file: header,
    find: "if (!isBefore(time, later(now, clockDriftSeconds))) return no({ type: 'from-the-future' })",
    replace: '',
    test: attacks,
  },
  {
    name: 'the commit may be of another header',
    file: header,
    find: 'if (commit.height !== header.height || !equalBytes(commit.block.hash, headerHashOf(header)))',
    replace: 'if (commit.height !== header.height)',
    test: attacks,
  },
  {
    name: 'back along hashes, any header will do',
    file: header,
    find: "if (!equalBytes(headerHashOf(header), named.hash)) return no({ type: 'not-the-header-before' })",
    replace: '',
    test: following,
  },
  {
    name: 'a witness with another header is a liar, whoever voted for it',
    file: `${light}/follow.ts`,
    find: 'else if ((await followSkipping(shown.value, step, source)).ok)',
    replace: 'else if (shown.value.header.height < 0)',
    test: following,
  },
  {
    name: 'no witness need agree',
    file: `${light}/follow.ts`,
    find: 'if (witnesses.length > 0 && heard.confirmedBy.length === 0)',
    replace: 'if (witnesses.length < 0)',
    test: following,
  },
  {
    name: 'a source may send a header of another height',
    file: `${light}/follow.ts`,
    find: 'return block?.header.height === height ? ok(block)',
    replace: 'return block ? ok(block)',
    test: following,
  },
  {
    name: 'a checkpoint is met by its height alone',
    file: `${light}/trusted-block.ts`,
    find: 'const isIt = block.header.height === checkpoint.height && equalBytes(headerHashOf(block.header), checkpoint.hash)',
    replace: 'const isIt = block.header.height === checkpoint.height',
    test: { file: `${light}/read-light-block.test.ts` },
  },
  {
    name: 'a validator may stand twice in a set',
    file: `${light}/validator-set.ts`,
    find: "if (new Set(validators.map(({ address }) => toHex(address))).size < validators.length) return 'each validator once'",
    replace: '',
    test: { file: `${light}/read-light-block.test.ts` },
  },
  {
    name: 'on CometBFT a bundle chooses its state',
    file: 'packages/sdk/src/header-trust.ts',
    find: 'verified.time.seconds === header.time && equalBytes(verified.appHash, header.appHash)',
    replace: 'verified.time.seconds === header.time',
    test: bundles,
  },
  {
    name: 'an invented block keeps a wallet from going on',
    file: `${light}/bundle-headers.ts`,
    find: 'else if (!(await isInvented(claim, reached.reason, step, sources))) return reached',
    replace: 'else return reached',
    test: bundles,
  },
]
