/**
 * Loaded before a node by `--import`, so that no line of what is tested knows of tests: it changes the node's own source
 * while it is read. Which changes, an environment variable says as JSON. One that finds nothing to change ends the node.
 */
import fs from 'node:fs'
import { registerHooks, syncBuiltinESMExports } from 'node:module'
import type { Patch } from './patch.ts'

const patch = JSON.parse(process.env['PLEXUS_CHAOS'] ?? '{}') as Partial<Patch>

interface Change {
  /** The end of the file's name. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const application = '/engine/src/cometbft/application.ts'

const heard: readonly Change[] = [
  {
    file: application,
    from: '  function answer(request: AbciRequest): AbciResponse | Promise<AbciResponse> {\n',
    to: '  function answer(request) {\n    globalThis.plexusCalled(request.type)\n',
  },
  {
    file: application,
    from: '    forget() {\n',
    to: "    forget() {\n      globalThis.plexusCalled('begin')\n",
  },
]

const told: readonly Change[] = [
  {
    file: '/exchange/src/custodian.ts',
    from: '    if (sealed) surroundings.send(row.from, sealed, mayLeave)\n',
    to: "    if (sealed) {\n      if (row.state === 'released') globalThis.plexusReleases(sealed, row.intent, answer, () => this.parts.replica.tip().height)\n      surroundings.send(row.from, sealed, mayLeave)\n    }\n",
  },
  {
    file: '/peers/src/peer.ts',
    from: '    waiting.tries++\n',
    to: '    waiting.tries++\n    globalThis.plexusLeaves(waiting.note)\n',
  },
]

const contrary: readonly Change[] = [
  { file: application, from: 'status: refusal ? REJECT : ACCEPT', to: 'status: REJECT' },
  { file: application, from: 'txs: [...prepared(', to: 'txs: [Uint8Array.of(1, 2, 3), ...prepared(' },
]

const wrongHash: readonly Change[] = [
  { file: application, from: '        appHash: applied.tip.appHash,', to: '        appHash: new Uint8Array(32),' },
]

const failPoint: readonly Change[] = [
  {
    file: '/engine/src/cometbft/engine-process.ts',
    from: 'env: { ...environment }',
    to: `env: { ...environment, FAIL_TEST_INDEX: '${patch.failPoint}' }`,
  },
]

const changes: readonly Change[] = [
  ...heard,
  ...told,
  ...(patch.contrary ? contrary : []),
  ...(patch.wrongHash ? wrongHash : []),
  ...(patch.failPoint === undefined ? [] : failPoint),
]

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const due = changes.filter(({ file }) => url.endsWith(file))
    if (due.length === 0) return loaded
    let source = String(loaded.source)
    for (const { from, to } of due) {
      if (!source.includes(from)) throw new Error(`${url} has no ${JSON.stringify(from)} any more`)
      source = source.replace(from, () => to)
    }
    return { ...loaded, source }
  },
})

const { calls, full, left } = patch
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface OpenedIntent {
  readonly statement: Uint8Array
  readonly leafKey: Uint8Array
  readonly path: readonly Uint8Array[]
}
/** What a sealed note holds, and the height of the replica now. */
const releases = new WeakMap<Uint8Array, { readonly height: () => number; readonly line: object }>()
Object.assign(globalThis, {
  plexusReleases(sealed: Uint8Array, intent: OpenedIntent, answer: Uint8Array, height: () => number) {
    const { statement, leafKey, path } = intent
    const opened = { ...intent, statement: hex(statement), leafKey: hex(leafKey), path: path.map(hex) }
    releases.set(sealed, { height, line: { intent: opened, answer: hex(answer) } })
  },
  plexusLeaves(sealed: Uint8Array) {
    const known = releases.get(sealed)
    if (!known || left === undefined) return
    fs.appendFileSync(left, `${JSON.stringify({ height: known.height(), ...known.line })}\n`)
  },
  plexusCalled(call: string) {
    if (calls !== undefined) fs.appendFileSync(calls, call === 'begin' ? '\n' : `${call} `)
  },
})

if (full !== undefined) {
  const isFull = (): boolean => fs.existsSync(full)
  const refuse = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  const { writeSync, writeFileSync } = fs
  fs.writeSync = ((...of: Parameters<typeof writeSync>) =>
    isFull() && of[0] > 2 ? refuse() : writeSync(...of)) as typeof writeSync
  fs.writeFileSync = ((...of: Parameters<typeof writeFileSync>) =>
    isFull() ? refuse() : writeFileSync(...of)) as typeof writeFileSync
  syncBuiltinESMExports()
}
