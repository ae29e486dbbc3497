/** Mistakes on the way of a unit: recalls, licences, packages, fills. */
import type { Mutant } from './mutants-list.ts'

const folder = 'packages/contracts/src/supply'
const rulesTest = `${folder}/rules.test.ts`
const alarmsTest = `${folder}/alarms.test.ts`
const storyTest = 'packages/sdk/src/supply/story.test.ts'

export const supplyMutants: readonly Mutant[] = [
  {
    name: 'a recalled unit is dispensed',
    file: `${folder}/standing.ts`,
    find: "    if (lot.recalled !== null) return { type: 'recalled', lot: toHex(each) }\n",
    replace: '',
    test: {
      file: alarmsTest,
      name: 'one step reaches what is alone, in a case, on a pallet and on its way, and nothing of it is dispensed',
    },
  },
  {
    name: 'what was never in a package leaves it',
    file: `${folder}/packing.ts`,
    find: "        if (!verifyMerklePath({ leaf: encode(member, child), index, size, path, root }))\n          return no({ type: 'not-inside' })\n",
    replace: '',
    test: { file: rulesTest, name: 'not-inside: only what was committed leaves a sealed package, and each of it once' },
  },
  {
    name: 'a unit leaves its package twice',
    file: `${folder}/standing.ts`,
    find: 'const collections = [view.parcels, view.keys,',
    replace: 'const collections = [view.keys,',
    test: { file: rulesTest },
  },
  {
    name: 'a key that was withdrawn takes goods in',
    file: `${folder}/standing.ts`,
    find: "  if (height !== undefined) return no({ type: 'licence-withdrawn', height })\n",
    replace: '',
    test: { file: rulesTest },
  },
  {
    name: 'a unit comes back to the shelf, and its fill stands',
    file: `${folder}/dispensing.ts`,
    find: 'calls: known.filled\n',
    replace: 'calls: known.filled === null\n',
    test: { file: rulesTest, name: 'a unit and a prescription move in one transaction, or neither does' },
  },
  {
    name: 'a report stops what somebody else holds',
    file: `${folder}/state.ts`,
    find: "if (found === 'own') change",
    replace: "if (found !== 'unknown') change",
    test: {
      file: alarmsTest,
      name: 'what a report finds: one elsewhere, or nothing; neither touches what somebody else holds',
    },
  },
  {
    name: 'what is missing from a delivery is the receiver’s',
    file: `${folder}/state.ts`,
    find: "        if (absent.has(toHex(tag))) return { status: 'missing' }\n",
    replace: '',
    test: { file: rulesTest },
  },
  {
    name: 'a trace believes any contents',
    file: 'packages/sdk/src/supply/trace.ts',
    find: '!equalBytes(root, member.contents.root)',
    replace: 'root.length !== 32',
    test: { file: storyTest, name: 'a trace that leaves a unit out, or adds one, is refused' },
  },
  {
    name: 'tags need no key',
    file: 'packages/sdk/src/supply/labels.ts',
    find: 'hmacSha256(labelKey, concatBytes(tagName, bytes.value))',
    replace: 'hmacSha256(labelKey.map(() => 0), concatBytes(tagName, bytes.value))',
    test: {
      file: storyTest,
      name: 'a guessed serial has no tag without its label’s key: no guess tells whether it exists',
    },
  },
]
