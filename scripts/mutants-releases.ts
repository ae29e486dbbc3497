/** Mistakes with software that members run: approved by too few, brought back, or exchanged. */
import type { Mutant } from './mutants-list.ts'

const folder = 'packages/contracts/src/releases'
const rulesTest = `${folder}/rules.test.ts`

export const releasesMutants: readonly Mutant[] = [
  {
    name: 'one reviewer fewer suffices',
    file: `${folder}/rules.ts`,
    find: 'if (before.length + 1 < line.threshold)',
    replace: 'if (before.length + 2 < line.threshold)',
    test: { file: rulesTest, name: 'is active from the block after the approval that was wanting' },
  },
  {
    name: 'two groups of reviewers approve what they like',
    file: `${folder}/rules.ts`,
    find: ' || 2 * threshold <= reviewers.length',
    replace: '',
    test: { file: rulesTest, name: 'threshold-wrong: two groups of reviewers that could each approve share one' },
  },
  {
    name: 'new reviewers inherit what the old ones said',
    file: `${folder}/rules.ts`,
    find: 'approvalKey(of, each)) === term)',
    replace: 'approvalKey(of, each)) !== undefined)',
    test: { file: rulesTest, name: 'begin anew with what is not yet approved: elm says again what it said before' },
  },
  {
    name: 'who comes to review needs nobody who leaves',
    file: `${folder}/rules.ts`,
    find: 'context) ?? quorumRefusal(known, context)',
    replace: 'context)',
    test: { file: rulesTest, name: 'quorum-missing: one of three, with all who would come, changes nothing' },
  },
  {
    name: 'an older version is approved late',
    file: `${folder}/rules.ts`,
    find: "    if (!isHigher(state, { ...build, channel })) return no({ type: 'version-not-higher' })\n",
    replace: '',
    test: { file: rulesTest, name: 'version-not-higher: nor by one that was announced before and approved late' },
  },
  {
    name: 'a version has two digests',
    file: `${folder}/rules.ts`,
    find: "    if (holder && !equalBytes(holder, digest)) return no({ type: 'version-taken' })\n",
    replace: '',
    test: { file: rulesTest, name: 'version-taken: a version has one digest' },
  },
  {
    name: 'what was withdrawn is approved',
    file: `${folder}/rules.ts`,
    find: "    if (build.withdrawn) return no({ type: 'digest-withdrawn', height: build.withdrawn.height })\n    if (!line",
    replace: '    if (!line',
    test: { file: rulesTest, name: 'digest-withdrawn: it is neither announced, nor approved, nor withdrawn again' },
  },
  {
    name: 'a release is active before the height that was announced',
    file: `${folder}/rules.ts`,
    find: 'Math.max(release.activeFrom, height + 1)',
    replace: 'height + 1',
    test: { file: rulesTest, name: 'is not active before the height that was announced' },
  },
  {
    name: 'entries of other software are taken for its own',
    file: 'packages/sdk/src/releases/check.ts',
    find: 'shown[entry].key !== keys[entry] || ',
    replace: '',
    test: {
      file: 'packages/sdk/src/releases/check.test.ts',
      name: 'is not believed by entries of other software, by another value, or under another header',
    },
  },
]
