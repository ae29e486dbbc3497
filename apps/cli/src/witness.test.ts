/** What a witness cosigns, and what makes it stop for good. Logs are served on 127.0.0.1. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { openCheckpoint, openTiles, readCheckpoint, readNote, tilesForGrowth } from '@plexus/sdk'
import { describe, expect, test } from 'vitest'
import {
  chain,
  cosigned,
  evidenceIn,
  FakeLog,
  logs,
  look,
  oneLog,
  startedAt,
  temporaryFolder,
  types,
} from './witness.testing.ts'
import { WitnessState } from './witness-state.ts'

describe('a log that grows', () => {
  test('is cosigned at first contact, at each size after, and not twice at one', async () => {
    const folder = temporaryFolder()
    const log = await oneLog()
    const seen: string[] = []
    for (const size of [3, 3, 255, 256, 300, 700]) {
      log.show(size)
      seen.push(...types(await look(folder, [log])))
      expect(cosigned(folder, log)).toMatchObject({
        size,
        signatures: [{ type: 'log' }, { type: 'witness', name: 'witness.example/w1', time: startedAt }],
      })
    }
    expect(seen).toEqual(['cosigned', 'unchanged', 'cosigned', 'cosigned', 'cosigned', 'cosigned'])
  })

  test('is read through full tiles where the partial ones have gone', async () => {
    const folder = temporaryFolder()
    const log = await oneLog()
    const at = log.show(200)
    expect(types(await look(folder, [log]))).toEqual(['cosigned'])
    log.show(256)
    log.files.delete('tile/0/000.p/200')
    log.files.set('checkpoint', at)
    rmSync(join(folder, 'logs'), { recursive: true })
    expect(types(await look(folder, [log]))).toEqual(['cosigned'])
  })

  test('is handed its cosignature when that is wanted', async () => {
    const folder = temporaryFolder()
    const log = await oneLog()
    log.show(5)
    expect(await look(folder, [log], { post: true })).toMatchObject([{ type: 'cosigned', taken: true }])
    expect(log.given).toEqual([new Uint8Array(readFileSync(join(folder, 'cosigned', `${toHex(chain)}-hospital-1`)))])
  })

  test('is followed by its pinned key alone, wherever it is served, and its time never goes back', async () => {
    const folder = temporaryFolder()
    const log = await oneLog()
    log.show(5)
    await look(folder, [log])
    log.files.delete('vkey')
    const moved = await oneLog()
    moved.files.delete('vkey')
    moved.show(6)
    expect(types(await look(folder, [moved], { at: startedAt - 1_000 }))).toEqual(['cosigned'])
    expect(cosigned(folder, moved)?.signatures[1]).toMatchObject({ time: startedAt })
  })
})

describe('a log that cannot be checked is not cosigned, and no alarm is raised', () => {
  test.each([
    ['it does not answer', (log: FakeLog) => log.close()],
    ['it answers with an error', (log: FakeLog) => Object.assign(log, { away: true })],
    ['its checkpoint is no note', (log: FakeLog) => log.files.set('checkpoint', utf8('<html></html>\n'))],
    ['its checkpoint is far too large', (log: FakeLog) => log.files.set('checkpoint', new Uint8Array(1_000_000))],
    ['a tile is missing', (log: FakeLog) => log.files.delete('tile/0/000.p/9')],
    ['a tile is longer than it can be', (log: FakeLog) => log.files.set('tile/0/000.p/9', new Uint8Array(100_000))],
  ])('%s', async (_, change) => {
    const folder = temporaryFolder()
    const log = await oneLog()
    log.show(5)
    await look(folder, [log])
    log.show(9)
    change(log)
    expect(types(await look(folder, [log]))).toEqual(['unavailable'])
    expect(cosigned(folder, log)?.size).toBe(5)
    expect(existsSync(join(folder, 'evidence'))).toBe(false)
  })

  test('at first contact, one without its key, with another’s, or named twice', async () => {
    const folder = temporaryFolder()
    const [log, other] = (await logs('hospital-1', 'hospital-2')) as [FakeLog, FakeLog]
    log.show(5)
    log.files.set('vkey', other.files.get('vkey') as Uint8Array)
    expect(types(await look(folder, [log]))).toEqual(['unavailable'])
    log.files.delete('vkey')
    expect(types(await look(folder, [log]))).toEqual(['unavailable'])
    other.show(5)
    expect(types(await look(folder, [other, other])).sort()).toEqual(['cosigned', 'unavailable'])
  })
})

describe('an alarm stops a log for good, with the notes that contradict each other on disk', () => {
  async function afterFive(): Promise<{ folder: string; log: FakeLog; first: Uint8Array }> {
    const folder = temporaryFolder()
    const log = await oneLog()
    log.show(5)
    await look(folder, [log])
    const [name = ''] = readdirSync(join(folder, 'cosigned'))
    return { folder, log, first: new Uint8Array(readFileSync(join(folder, 'cosigned', name))) }
  }

  test('two roots for one size', async () => {
    const { folder, log, first } = await afterFive()
    const second = log.show(5, { fork: '!', forkAt: 4 })
    expect(types(await look(folder, [log]))).toEqual(['other-root'])
    expect(evidenceIn(folder)).toMatchObject({ 'first.note': first, 'second.note': second })
  })

  test('a rewritten past, and the tiles show it to whoever has the two notes', async () => {
    const { folder, log, first } = await afterFive()
    const second = log.show(400, { fork: '!', forkAt: 4 })
    expect(types(await look(folder, [log]))).toEqual(['rewritten'])
    const files = evidenceIn(folder)
    expect(files).toMatchObject({ 'first.note': first, 'second.note': second })
    const [before, after] = [first, second].map((bytes) => openCheckpoint(bytes, log.key))
    if (!before?.ok || !after?.ok) throw new Error('the evidence is not signed')
    const tiles = new Map(Object.entries(files).map(([path, bytes]) => [path.replace(/^tiles\//, ''), bytes]))
    const tree = openTiles(after.value, tilesForGrowth(5, 400), tiles)
    expect(tree.ok && toHex(tree.value.rootAt(5))).not.toBe(toHex(before.value.root))
    expect(tree.ok).toBe(true)
  })

  test('a log that shrank', async () => {
    const { folder, log } = await afterFive()
    log.show(4)
    expect(types(await look(folder, [log]))).toEqual(['shrunk'])
  })

  test('a checkpoint that another key signed', async () => {
    const { folder, log } = await afterFive()
    const forged = new FakeLog('hospital-1', sha256(utf8('another key'))).show(6)
    log.files.set('checkpoint', forged)
    expect(types(await look(folder, [log]))).toEqual(['signature'])
    expect(evidenceIn(folder)['second.note']).toEqual(forged)
  })

  test('tiles that do not make the signed root', async () => {
    const { folder, log } = await afterFive()
    log.show(9)
    const tile = log.files.get('tile/0/000.p/9')?.slice() ?? new Uint8Array(0)
    tile[100] = (tile[100] as number) ^ 1
    log.files.set('tile/0/000.p/9', tile)
    expect(types(await look(folder, [log]))).toEqual(['tiles'])
    expect(evidenceIn(folder)['tiles/tile/0/000.p/9']).toEqual(tile)
  })

  test('after it, nothing is fetched or cosigned until an operator says so; what was cosigned still binds', async () => {
    const { folder, log } = await afterFive()
    log.show(9, { fork: '!', forkAt: 4 })
    await look(folder, [log])
    log.show(9)
    log.asked.length = 0
    expect(types(await look(folder, [log]))).toEqual(['halted'])
    expect(log.asked).toEqual([])
    const state = WitnessState.open(folder, undefined)
    expect([state.resume(log.origin), state.resume(log.origin)]).toEqual([true, false])
    state.close()
    expect(types(await look(folder, [log]))).toEqual(['cosigned'])
    log.show(12, { fork: '!', forkAt: 4 })
    expect(types(await look(folder, [log]))).toEqual(['rewritten'])
  })

  test('one answer that was torn on its way is asked for again', async () => {
    const { folder, log } = await afterFive()
    for (const [torn, size] of [
      ['checkpoint', 9],
      ['tile/0/000.p/12', 12],
    ] as const) {
      log.show(size)
      let left = 1
      log.onTheWay = (path, bytes) => {
        if (path !== torn || left-- < 1) return bytes
        const damaged = bytes.slice()
        damaged[70] = (damaged[70] as number) ^ 1
        return damaged
      }
      expect([torn, types(await look(folder, [log]))]).toEqual([torn, ['cosigned']])
      expect(left).toBeLessThan(1)
    }
    expect(existsSync(join(folder, 'evidence'))).toBe(false)
  })

  test('any byte of a checkpoint that differs keeps it from being cosigned', async () => {
    const { folder, log } = await afterFive()
    const good = log.show(6)
    for (let at = 0; at < good.length; at += 5) {
      const damaged = good.slice()
      damaged[at] = (damaged[at] as number) ^ 2
      log.files.set('checkpoint', damaged)
      const [type] = types(await look(folder, [log]))
      expect(['signature', 'unavailable']).toContain(type)
      const state = WitnessState.open(folder, undefined)
      state.resume(log.origin)
      state.close()
    }
    expect(cosigned(folder, log)?.size).toBe(5)
  })
})

describe('members against each other', () => {
  const fork = { fork: '!', forkAt: 4 }

  test('of one chain agree at all their sizes, and all are cosigned', async () => {
    const folder = temporaryFolder()
    const all = await logs('hospital-1', 'hospital-2', 'hospital-3')
    for (const sizes of [
      [5, 5, 5],
      [300, 256, 6],
      [301, 700, 600],
    ]) {
      for (const [index, size] of sizes.entries()) all[index]?.show(size)
      expect(types(await look(folder, all))).toEqual(['cosigned', 'cosigned', 'cosigned'])
    }
  })

  test.each([
    ['at one size', 9, 9],
    ['at different sizes', 300, 9],
    ['the other way round', 9, 300],
  ])('two histories %s at first contact: neither is cosigned', async (_, one, two) => {
    const folder = temporaryFolder()
    const [first, second] = (await logs('hospital-1', 'hospital-2')) as [FakeLog, FakeLog]
    first.show(one)
    second.show(two, fork)
    expect(types(await look(folder, [first, second]))).toEqual(['split-view', 'split-view'])
    expect([cosigned(folder, first), cosigned(folder, second)]).toEqual([undefined, undefined])
    const files = evidenceIn(folder)
    const sizes = ['first.note', 'second.note'].map((name) => {
      const note = readNote(files[name] as Uint8Array)
      const read = note.ok && readCheckpoint(note.value.text)
      return read !== false && read.ok ? read.value.size : 0
    })
    expect(sizes).toEqual([Math.min(one, two), Math.max(one, two)])
  })

  test('one of three: the two that agree go on', async () => {
    const folder = temporaryFolder()
    const all = await logs('hospital-1', 'hospital-2', 'hospital-3')
    for (const log of all) log.show(3)
    await look(folder, all)
    all[0]?.show(8)
    all[1]?.show(20, fork)
    all[2]?.show(9)
    const reports = await look(folder, all)
    expect(reports.map((each) => [each.origin?.split('/').at(-1), each.type])).toEqual([
      ['hospital-2', 'alarm'],
      ['hospital-3', 'cosigned'],
      ['hospital-1', 'cosigned'],
    ])
    expect(types(await look(folder, all)).sort()).toEqual(['halted', 'unchanged', 'unchanged'])
  })

  test('a log that does not answer counts with what it signed last', async () => {
    const folder = temporaryFolder()
    const [first, second] = (await logs('hospital-1', 'hospital-2')) as [FakeLog, FakeLog]
    first.show(9)
    await look(folder, [first, second])
    first.away = true
    second.show(20, fork)
    expect(types(await look(folder, [first, second])).sort()).toEqual(['split-view', 'split-view', 'unavailable'])
    expect(cosigned(folder, second)).toBeUndefined()
  })

  test('a log whose tiles are missing holds up nobody else', async () => {
    const folder = temporaryFolder()
    const all = await logs('hospital-1', 'hospital-2', 'hospital-3')
    for (const log of all) log.show(5)
    await look(folder, all)
    all[0]?.show(300)
    all[0]?.files.delete('tile/0/000')
    all[1]?.show(8)
    all[2]?.show(9)
    expect(types(await look(folder, all)).sort()).toEqual(['cosigned', 'cosigned', 'unavailable'])
  })
})
