/** Explores planted faults in a process of its own, whose loader counts branches; prints what it saw as JSON. */
import { parseArgs } from 'node:util'
import { countBranches } from './loader.ts'
import type { Subject } from './subject.ts'

const { values } = parseArgs({
  options: {
    subject: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    executions: { type: 'string', default: '1' },
    blind: { type: 'boolean', default: false },
  },
})

countBranches([new URL('planted.testing.ts', import.meta.url).href])
const { flags, opensWith, parts, slowly } = await import('./planted.testing.ts')
const { explore } = await import('./explore.ts')
const { accepted, acceptedAs, refused } = await import('./subject.ts')

const seeds = [new Uint8Array(8)]
const subjects: Readonly<Record<string, Subject>> = {
  // Words of refusals are left out: branches alone must lead there.
  magic: { shape: 'binary', seeds, run: (bytes) => (opensWith(bytes) === '' ? accepted : refused('no')) },
  parts: { shape: 'binary', seeds, run: (bytes) => (parts(bytes).length > 0 ? accepted : refused('no')) },
  flags: {
    shape: 'binary',
    seeds,
    run: (bytes) => acceptedAs(Uint8Array.from(flags(bytes), (flag) => (flag ? 1 : 0))),
  },
  slow: {
    shape: 'binary',
    seeds: [Uint8Array.of(0xff)],
    run: (bytes) => (slowly(bytes) >= 0 ? accepted : refused('no')),
  },
}

const subject = subjects[values.subject]
if (!subject) throw new Error(`no subject ${values.subject}`)
const { corpus, executions, behaviours, branches, findings } = await explore(subject, {
  seed: Number(values.seed),
  executionsMax: Number(values.executions),
  secondsMax: Number.POSITIVE_INFINITY,
  guided: !values.blind,
})
const inputs = corpus.map((input) => Buffer.from(input).toString('hex'))
console.log(JSON.stringify({ executions, behaviours, branches, findings, inputs }))
