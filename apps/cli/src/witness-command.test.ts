/** The command as it is run, and what a witness must not forget, whatever happens to its process. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@plexus/store'
import { describe, expect, test } from 'vitest'
import { plexus, start } from './running.testing.ts'
import { cosigned, type FakeLog, logs, look, oneLog, temporaryFolder, types } from './witness.testing.ts'
import { WitnessState, type WriteFile } from './witness-state.ts'

describe('what a witness must not forget', () => {
  test.each(['failed, and did not happen', 'failed, and happened'])(
    'a crash at any write (%s): nothing is published that the state does not hold, and the log goes on',
    async (mode) => {
      const log = await oneLog()
      let writes = Number.POSITIVE_INFINITY
      for (let failAt = 0; failAt < writes; failAt++) {
        const folder = temporaryFolder()
        let count = 0
        const write: WriteFile = (path, content) => {
          if (count++ !== failAt) return writeDurably(path, content)
          if (mode === 'failed, and happened') writeDurably(path, content)
          throw new Error('the process ends here')
        }
        for (const size of [5, 9]) {
          log.show(size)
          await look(folder, [log], { write }).catch(() => {})
        }
        await look(folder, [log], { write })
        const published = cosigned(folder, log)
        const state = WitnessState.open(folder, undefined)
        expect(state.log(log.origin)?.last?.checkpoint.size).toBe(9)
        state.close()
        expect(published?.size).toBe(9)
        writes = count
      }
      expect(writes).toBeGreaterThan(5)
    },
  )

  test('a crash while an alarm is raised: it is raised again, and nothing is cosigned', async () => {
    const log = await oneLog()
    for (let failAt = 0; failAt < 4; failAt++) {
      const folder = temporaryFolder()
      log.show(5)
      await look(folder, [log])
      log.show(9, { fork: '!', forkAt: 4 })
      let count = 0
      const write: WriteFile = (path, content) => {
        if (count++ === failAt) throw new Error('the process ends here')
        writeDurably(path, content)
      }
      await expect(look(folder, [log], { write })).rejects.toThrow('ends here')
      expect(types(await look(folder, [log]))).toEqual(['rewritten'])
      expect(types(await look(folder, [log]))).toEqual(['halted'])
      expect(cosigned(folder, log)?.size).toBe(5)
    }
  })

  test('damaged state stops the witness, and another name is refused', async () => {
    const folder = temporaryFolder()
    const log = await oneLog()
    log.show(5)
    await look(folder, [log])
    expect(() => WitnessState.open(folder, 'witness.example/other')).toThrow(/another name/)
    const path = join(folder, 'logs', readdirSync(join(folder, 'logs'))[0] ?? '')
    const kept = readFileSync(path, 'utf8')
    for (const wrong of ['', '{}', kept.slice(0, 100), kept.replace('\\n5\\n', '\\n6\\n'), kept.replace('null', '7')]) {
      writeFileSync(path, wrong)
      expect(() => WitnessState.open(folder, undefined)).toThrow(/damaged/)
    }
    writeFileSync(path, kept)
    const state = WitnessState.open(folder, undefined)
    expect(() => WitnessState.open(folder, undefined)).toThrow(/in use/)
    state.close()
  })
})

describe('the command', () => {
  test('cosigns once, with JSON lines and a pinned key, and says so by its status', async () => {
    const folder = temporaryFolder()
    const [log, other] = (await logs('hospital-1', 'hospital-2')) as [FakeLog, FakeLog]
    log.show(5)
    other.show(7)
    const state = ['--state', join(folder, 'state')]
    const key = encodeURIComponent(new TextDecoder().decode(log.files.get('vkey')).trim())
    const first = await plexus(
      'witness',
      '--log',
      `${log.url}/#${key}`,
      '--log',
      other.url,
      ...state,
      '--once',
      '--json',
    )
    expect([first.code, first.err]).toEqual([0, ''])
    expect(first.lines()).toMatchObject([
      { type: 'witness', logs: 2 },
      { type: 'cosigned', size: 7 },
      { type: 'cosigned', size: 5 },
    ])
    log.show(6, { fork: '!', forkAt: 2 })
    const second = await plexus('witness', ...state, '--once')
    expect(second.code).toBe(1)
    expect(second.out).toMatch(/ALARM hospital-1: rewritten\./)
    expect(second.err).toMatch(/evidence.*docs\/guides\/witness\.md/)
    const third = await plexus('witness', ...state, '--resume', log.origin, '--json')
    expect([third.code, third.lines()]).toEqual([0, [{ type: 'resumed', origin: log.origin }]])
  })

  test('follows until it is told to end', async () => {
    const folder = temporaryFolder()
    const log = await oneLog()
    log.show(5)
    const { child, ended, out } = start(['witness', '--log', log.url, '--state', folder, '--interval', '1', '--json'])
    const seen = (text: string) =>
      new Promise<void>((resolve) => {
        const check = () => out().includes(text) && resolve()
        child.stdout?.on('data', check)
        check()
      })
    await seen('"size":5')
    log.show(8)
    await seen('"size":8')
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
    expect(cosigned(folder, log)?.size).toBe(8)
  })

  test.each([
    ['no-logs', []],
    ['log-address', ['--log', 'ftp://127.0.0.1/']],
    ['log-key', ['--log', 'http://127.0.0.1:1/#key']],
    ['log-unavailable', ['--log', 'http://127.0.0.1:1/']],
  ])('tells %s with its code', async (code, args) => {
    const { code: status, err } = await plexus('witness', '--state', temporaryFolder(), '--once', '--json', ...args)
    expect([status, JSON.parse(err)]).toMatchObject([1, { error: code }])
  })
})
