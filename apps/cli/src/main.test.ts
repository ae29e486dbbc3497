/** The commands, run as processes: against a demonstration that stays up, and against what it leaves on disk. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ends, plexus, type Running, sample, startDemo } from './running.testing.ts'
import { prescriptionTests } from './rx.testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-cli-'))
const data = join(folder, 'data')
const samples = fileURLToPath(new URL('../../../samples', import.meta.url))
let demo: Running
let node: readonly string[]
let wallet = ''
let told: (option: string) => string

beforeAll(async () => {
  ;({ demo, told, node, wallet } = await startDemo(data))
}, 90_000)
afterAll(async () => {
  await ends(demo)
  rmSync(folder, { recursive: true, force: true })
})

prescriptionTests({ folder, data, node: () => node, told: (option) => told(option) })

describe('a network that runs', () => {
  test('chart shows sources with their state, problems, medicines, allergies and gaps', async () => {
    const { code, out } = await plexus('chart', ...node, '--data', data, '--ask', told('ask'))
    expect(code).toBe(0)
    for (const title of ['Sources', 'Problems', 'Medicines', 'Allergies', 'Conflicts: ', 'Gaps'])
      expect(out).toMatch(new RegExp(`^${title}`, 'm'))
    expect(out.match(/: complete at block \d+, \d+ of \d+ records$/gm)).toHaveLength(3)
    expect(out).toContain('It may be incomplete')
  })

  test('chart --json is one object with the whole record', async () => {
    const { code, lines } = await plexus('chart', ...node, '--data', data, '--ask', told('ask'), '--json')
    expect(code).toBe(0)
    const [record, ...more] = lines()
    expect(more).toEqual([])
    expect(record).toMatchObject({ settled: true, member: 'emergency-1', record: { mayBeIncomplete: true } })
  })

  test('a patient sees who looked, opens one door in part, is asked again, and sees that too', async () => {
    const before = (await plexus('who-looked', ...node, '--wallet', wallet, '--json')).lines()
    expect(before.at(-1)).toEqual({ type: 'end', looks: 6, findings: 0 })

    const custodian = ['--custodian', 'hospital-1']
    const flags = ['--deny-type', 'Condition', '--to', 'emergency-1']
    const changed = await plexus('directive', ...node, '--wallet', wallet, ...custodian, ...flags, '--json')
    expect(changed.err).toBe('')
    expect(changed.lines()).toMatchObject([{ custodian: 'hospital-1', version: 3, directives: 1 }])
    expect(statSync(wallet).mode & 0o777).toBe(0o600)

    const asking = ['--visit', told('visit'), '--npi', told('npi')]
    const asked = await plexus('ask', ...node, '--data', data, ...asking, '--json')
    const { ask } = asked.lines()[0] as { ask: string }
    const shown = await plexus('chart', ...node, '--data', data, '--ask', ask)
    expect(shown.out).toMatch(/hospital-1\): in part \(.*directive-withholds.*\), \d+ records/)
    expect(shown.out).toMatch(/: withheld: directive-denies \(45 CFR 171\.202\(e\)\)/)
    expect(shown.out).toMatch(/^Problems\n/m)

    const after = await plexus('who-looked', ...node, '--wallet', wallet)
    expect(after.code).toBe(0)
    expect(after.out).toMatch(/emergency-1, clinician \d{10} at hospital-1, for TREAT: part \(.*directive-withholds/)
    expect(after.out).toContain('evidence: your check-in at visit')
    expect(after.out).toContain('verified by this wallet')
  })

  test('doors are opened again, however often they are changed', async () => {
    for (const flags of [['--open'], ['--deny', 'everything'], ['--permit', 'everything', '--to', '1234567893']]) {
      const { code, err } = await plexus(
        'directive',
        ...node,
        '--wallet',
        wallet,
        '--custodian',
        'hospital-2',
        ...flags,
      )
      expect([code, err]).toEqual([0, ''])
    }
  })

  test('an emergency opens the first minutes on the asker’s word, the patient reads why, and a person answers for it', async () => {
    // The door of the test before this one is open to treatment of any kind.
    const known = ['--known', `hospital-2=${basename(sample, '.json.zst')}`]
    const asking = ['--npi', told('npi'), '--emergency', 'unconscious', '--words', 'found at home']
    const at = [...node, '--data', data, '--member', 'emergency-1']
    const asked = await plexus('ask', ...at, ...known, ...asking, '--json')
    expect(asked.err).toBe('')
    const { ask } = asked.lines()[0] as { ask: string }
    const shown = await plexus('chart', ...node, '--data', data, '--ask', ask)
    expect(shown.out).toMatch(/: in part \(emergency-only\), \d+ records/)

    const looks = await plexus('who-looked', ...node, '--wallet', wallet)
    expect(looks.out).toMatch(/for ETREAT: part \(emergency-only\)/)
    expect(looks.out).toContain('emergency: unconscious (found at home)')

    const waiting = (await plexus('review', ...at, '--json')).lines() as { id: string; emergency: object }[]
    expect(waiting).toMatchObject([{ emergency: { reason: 'unconscious', words: 'found at home' }, outcome: null }])
    const [{ id } = { id: '' }] = waiting
    const found = ['--verdict', 'justified', '--reviewer', 'privacy officer 7']
    expect((await plexus('review', id, ...at, '--verdict', 'justified', '--reviewer', told('npi'))).err).toMatch(
      /review/,
    )
    expect((await plexus('review', id, ...at, ...found)).out).toContain('justified, found by privacy officer 7')
    expect((await plexus('review', ...at)).out).toContain('No emergency waits')
    const custodian = await plexus('review', ...node, '--data', data, '--member', 'hospital-2')
    expect(custodian.out).toMatch(/chart .*: unconscious \(found at home\)/)
  })

  test('an employer hands out a link for a passkey, to a clinician with a role there', async () => {
    const made = await plexus('passkey', ...node, '--data', data, '--npi', told('npi'), '--json')
    const link = /^http:\/\/localhost:\d+\/#passkey=emergency-1\.[0-9a-f]{64}$/
    expect(made.lines()).toMatchObject([{ member: 'emergency-1', link: expect.stringMatching(link) }])
    expect((await plexus('passkey', ...node, '--data', data, '--npi', '1234567893')).err).toMatch(/no role/)
  })

  test('a change that was cut off after the wallet kept it is finished by the next', async () => {
    // A sponsor that does not run here: the set is signed and kept, and its closing reaches nobody.
    const at = ['--wallet', wallet, '--custodian', 'hospital-3']
    const cut = await plexus('directive', ...node, ...at, '--open', '--member', 'nobody')
    expect(cut.code).toBe(1)
    const { code, lines } = await plexus('directive', ...node, ...at, '--deny', 'everything', '--json')
    expect(code).toBe(0)
    expect(lines()).toMatchObject([{ custodian: 'hospital-3', directives: 1 }])
    const looked = (await plexus('who-looked', ...node, '--wallet', wallet, '--json')).lines()
    expect(looked.at(-1)).toMatchObject({ findings: 0 })
  })

  test('a lot is begun with keys that a board granted, and its label is good', async () => {
    // The story's maker and its wholesalers are others, and have keys already.
    const at = (member: string) => [...node, '--data', data, '--member', member, '--json']
    const supply = (member: string, ...words: readonly string[]) => plexus('supply', ...words, ...at(member))
    const until = async (run: () => ReturnType<typeof supply>) => {
      for (let tries = 0; ; tries++) {
        const ended = await run()
        if (ended.code === 0 || tries === 20) return ended
      }
    }
    const plan = join(folder, 'lot.json')
    const packages = [{ sscc: '006141411234567890', serials: ['SN1', 'SN2'] }]
    writeFileSync(plan, JSON.stringify({ gtin: '00300021433802', lot: 'A-1', endsAt: 4_000_000_000, packages }))
    expect((await supply('hospital-3', 'commission', plan)).err).toContain('"error":"no-key"')
    expect((await supply('hospital-3', 'keys', 'maker', '2', 'state-board')).lines()).toMatchObject([{ asked: 2 }])
    const granted = await until(() => supply('state-board', 'grant', 'maker', 'hospital-3'))
    expect(granted.lines()).toMatchObject([{ type: 'grant', height: expect.any(Number) }])
    const made = await until(() => supply('hospital-3', 'commission', plan))
    const [{ lot } = { lot: '' }] = made.lines()
    expect(lot).toMatch(/^[0-9a-f]{64}$/)
    const scanned = await plexus(
      'supply',
      'scan',
      '(01)00300021433802(21)SN1(10)A-1',
      ...node,
      '--data',
      data,
      '--member',
      'hospital-3',
    )
    expect(scanned.out).toContain('answer good')
    expect((await supply('hospital-3', 'trace', String(lot))).lines()).toMatchObject([{ units: 2 }])
  }, 90_000)

  test('bundles of the mailbox are exported, and each proves its access off-line', async () => {
    const out = join(folder, 'bundles')
    const exported = await plexus('bundle', ...node, '--wallet', wallet, '--out', out, '--json')
    expect(exported.code).toBe(0)
    const files = readdirSync(out).filter((name) => name.endsWith('.bundle'))
    expect(exported.lines().at(-1)).toMatchObject({ bundles: files.length })
    expect(files.length).toBeGreaterThanOrEqual(9)
    const bundle = join(out, files[0] ?? '')
    const genesis = ['--genesis', join(out, 'genesis.cbor')]
    const proof = await plexus('verify', bundle, ...genesis)
    expect(proof.code).toBe(0)
    expect(proof.out).toContain('Proven: ')
    expect(proof.out).toContain('Not proven: On the embedded engine one key orders the blocks')

    const bytes = readFileSync(bundle)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1
    writeFileSync(join(folder, 'forged.bundle'), bytes)
    const forged = await plexus('verify', join(folder, 'forged.bundle'), ...genesis, '--json')
    expect(forged.code).toBe(1)
    expect(forged.lines()).toMatchObject([{ type: 'bundle', ok: false }])
    expect((await plexus('verify', bundle)).err).toContain('--genesis FILE')
  })

  test('ledger shows the tip, the one key, blocks and events', async () => {
    const { code, out } = await plexus('ledger', ...node)
    expect(code).toBe(0)
    expect(out).toContain('One key orders the blocks')
    const parsed = (await plexus('ledger', ...node, '--member', 'hospital-1', '--after', '20', '--json')).lines()
    expect(parsed[0]).toMatchObject({ type: 'tip', member: 'hospital-1', engine: 'local' })
    expect(parsed.find(({ type }) => type === 'event')).toMatchObject({ sequence: 21 })
  })

  test('a member’s address stands for the member', async () => {
    const { lines } = await plexus('ledger', '--node', `${told('node')}/v1/members/hospital-2`, '--json')
    expect(lines()[0]).toMatchObject({ type: 'tip', member: 'hospital-2' })
  })

  test('what another process holds is not verified under its feet', async () => {
    const { code, err } = await plexus('verify', data)
    expect(code).toBe(1)
    expect(err).toMatch(/is in use by a node\.\nEnd the node first/)
  })

  test('what goes wrong is told with its code and what to do', async () => {
    const noToken = await plexus('chart', ...node, '--ask', told('ask'), '--json')
    expect([noToken.code, noToken.out]).toEqual([1, ''])
    expect(JSON.parse(noToken.err)).toMatchObject({ error: 'token-missing', advice: expect.stringContaining('--data') })
    const wrong = ['--token', '0'.repeat(64)]
    expect((await plexus('chart', ...node, ...wrong, '--ask', told('ask'))).err).toMatch(/bearer token/)
    const strange = await plexus('directive', ...node, '--wallet', wallet, '--custodian', 'nobody', '--open', '--json')
    expect(JSON.parse(strange.err)).toMatchObject({ error: 'not-enrolled' })
    const missing = await plexus('who-looked', ...node, '--wallet', join(folder, 'none.json'), '--json')
    expect(JSON.parse(missing.err)).toMatchObject({ error: 'file-missing' })
    writeFileSync(join(folder, 'torn.json'), readFileSync(wallet).subarray(0, 200))
    const torn = await plexus('who-looked', ...node, '--wallet', join(folder, 'torn.json'), '--json')
    expect(JSON.parse(torn.err)).toMatchObject({ error: 'not-a-wallet-file' })
    const away = await plexus('ledger', '--node', 'http://127.0.0.1:1', '--json')
    expect(JSON.parse(away.err)).toMatchObject({ error: 'node-unreachable' })
  })

  test('a signal is handed to the node, which ends well, and its status is passed back', async () => {
    expect((await ends(demo)).code).toBe(0)
  })
})

describe('a data directory at rest', () => {
  test('is replayed member by member, and the proof says its limit', async () => {
    const { code, lines } = await plexus('verify', data, '--json')
    expect(code).toBe(0)
    const found = lines()
    expect(found.filter(({ type, ok }) => type === 'ledger' && ok === true)).toHaveLength(8)
    expect(found.at(-2)).toMatchObject({ type: 'agreement', ok: true })
    expect(found.at(-1)).toMatchObject({ type: 'end', ok: true, proves: expect.stringContaining('one key') })
  })

  test('in which one member’s ledger was altered is told by name, and the others stand', async () => {
    const copy = join(folder, 'copy')
    for (const name of ['hospital-1', 'hospital-2'])
      cpSync(join(data, name, 'ledger'), join(copy, name, 'ledger'), { recursive: true })
    copyFileSync(join(data, 'genesis.cbor'), join(copy, 'genesis.cbor'))
    const ledger = join(copy, 'hospital-2', 'ledger')
    // Wherever it stands: which file and which of its pages is live is the store's own affair.
    for (const name of ['data.mdb', 'blocks.journal']) {
      const file = join(ledger, name)
      const bytes = readFileSync(file)
      for (let at = bytes.indexOf('hospital-3'); at >= 0; at = bytes.indexOf('hospital-3', at + 1))
        bytes[at + 'hospital-'.length] = '9'.charCodeAt(0)
      writeFileSync(file, bytes)
    }
    const { code, out, err } = await plexus('verify', copy)
    expect(code).toBe(1)
    expect(out).toMatch(/hospital-1: \d+ blocks replayed/)
    expect(out).toMatch(/hospital-2: DIFFERS at block \d+ in [a-z-]+\./)
    expect(err).toContain('Keep the folder as it is')
  })

  test('without genesis, or without a ledger, is no data directory', async () => {
    expect((await plexus('verify', samples)).err).toContain('There is no genesis document')
    expect((await plexus('verify', join(folder, 'nothing'))).code).toBe(1)
  })

  test('init founds a network once, and import passes its paths on', async () => {
    const fresh = join(folder, 'fresh')
    expect((await plexus('init', '--data', fresh)).code).toBe(0)
    expect(existsSync(join(fresh, 'genesis.cbor'))).toBe(true)
    const imported = await plexus('import', '--data', fresh, '--json', sample)
    expect(imported.code).toBe(0)
    expect(imported.lines().find(({ step }) => step === 'import')).toMatchObject({ ok: true, refused: [] })
    expect((await plexus('import', '--data', fresh, join(folder, 'nothing'))).code).toBe(1)
  })
})

describe('usage', () => {
  test.each([
    ['an unknown command', ['dance']],
    ['an unknown option', ['ledger', '--loud']],
    ['a missing option', ['chart']],
    ['a missing argument', ['verify']],
    ['a port that is none', ['start', '--data', 'x', '--port', '70000']],
    ['no directive', ['directive', '--wallet', 'w', '--custodian', 'c']],
    [
      'an open door with a denial',
      ['directive', '--wallet', 'w', '--custodian', 'c', '--open', '--deny', 'everything'],
    ],
    ['a denial of what is nothing', ['directive', '--wallet', 'w', '--custodian', 'c', '--deny', 'some']],
    ['a grantee that is none', ['directive', '--wallet', 'w', '--custodian', 'c', '--deny', 'everything', '--to', '?']],
  ])('%s ends with status 2, says why, and prints nothing on standard output', async (_, args) => {
    const { code, out, err } = await plexus(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err.length).toBeGreaterThan(10)
  })

  test('help is no failure', async () => {
    const { code, out } = await plexus('--help')
    expect(code).toBe(0)
    for (const command of [
      'demo',
      'start',
      'init',
      'import',
      'chart',
      'ask',
      'who-looked',
      'directive',
      'verify',
      'bundle',
      'ledger',
    ])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
  })
})
