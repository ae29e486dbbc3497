/** A member's published log: what is there, in which order it comes to be, and what no crash makes it sign. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { writeNoteKey } from '@plexus/sdk'
import { describe, expect, test } from 'vitest'
import type { FileStep } from './checkpoint-files.ts'
import {
  checkpointsIn,
  Ledger,
  logKey,
  publishedIn,
  readLog,
  sameLeaves,
  temporaryFolder,
  Watcher,
} from './checkpoints.testing.ts'

describe('the published files', () => {
  test('hold every block of the replica, provable from the signed root, at every size', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    const checkpoints = checkpointsIn(folder, ledger)
    await checkpoints.publish()
    expect(publishedIn(folder)).toBeUndefined()
    const sizes = [1, 2, 200, 255, 256, 257, 700, 1024, 1100]
    for (const [at, height] of sizes.entries()) {
      ledger.height = height
      await checkpoints.publish()
      const published = publishedIn(folder)
      if (!published) throw new Error('nothing is published')
      expect(published).toMatchObject({ size: height, root: ledger.rootAt(height) })
      const { leaves, roots } = readLog(folder, published, sizes.slice(0, at + 1))
      expect(sameLeaves(ledger, leaves)).toBe(true)
      expect(roots).toEqual(sizes.slice(0, at + 1).map((size) => ledger.rootAt(size)))
    }
    expect(readFileSync(join(folder, 'vkey'), 'utf8')).toBe(`${writeNoteKey(logKey)}\n`)
  })

  test('keep partial tiles of every checkpoint until the full tile is there, and no longer', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    const checkpoints = checkpointsIn(folder, ledger)
    for (ledger.height of [3, 9, 255]) await checkpoints.publish()
    expect(readdirSync(join(folder, 'tile/0/000.p')).sort()).toEqual(['255', '3', '9'])
    expect(readdirSync(join(folder, 'tile/entries/000.p')).sort()).toEqual(['255', '3', '9'])
    ledger.height = 260
    await checkpoints.publish()
    expect(readdirSync(join(folder, 'tile/0')).sort()).toEqual(['000', '001.p'])
    expect(readdirSync(join(folder, 'tile/entries')).sort()).toEqual(['000', '001.p'])
  })

  test('what a crash left behind is swept when the log is opened', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    ledger.height = 600
    await checkpointsIn(folder, ledger).publish()
    for (const path of ['tile/0/000.p/7', 'tile/entries/001.p/9', 'tile/0/002.p/88.new', 'tile/0/001.new']) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), 'left behind')
    }
    ledger.height = 601
    await checkpointsIn(folder, ledger).publish()
    expect(readdirSync(join(folder, 'tile/0')).sort()).toEqual(['000', '001', '002.p'])
    expect(readdirSync(join(folder, 'tile/0/002.p')).sort()).toEqual(['88', '89'])
    expect(readdirSync(join(folder, 'tile/entries')).sort()).toEqual(['000', '001', '002.p'])
  })

  test('damaged or missing tiles of the edge are made again from the ledger', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    ledger.height = 300
    await checkpointsIn(folder, ledger).publish()
    for (const path of ['tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/001.p/44']) {
      for (const damage of ['flipped', 'gone'] as const) {
        const bytes = readFileSync(join(folder, path))
        bytes[5] = (bytes[5] as number) ^ 1
        if (damage === 'flipped') writeFileSync(join(folder, path), bytes)
        else rmSync(join(folder, path))
        await checkpointsIn(folder, ledger).publish()
        const published = publishedIn(folder)
        expect(published && sameLeaves(ledger, readLog(folder, published).leaves)).toBe(true)
      }
    }
    expect(publishedIn(folder)?.size).toBe(300)
  })

  test('a long absence is caught up in writes of a few files', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    let atOnce = 0
    let most = 0
    const step: FileStep = async (what, run) => {
      if (!what.startsWith('write')) return run()
      most = Math.max(most, ++atOnce)
      await run()
      atOnce--
    }
    ledger.height = 20_000
    await checkpointsIn(folder, ledger, { step }).publish()
    expect(publishedIn(folder)).toMatchObject({ size: 20_000, root: ledger.rootAt(20_000) })
    expect(most).toBeLessThanOrEqual(8)
  })
})

describe('the order of writes', () => {
  test('leaves and tiles are durable before the record of what will be signed, and that before the signature', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    const steps: string[] = []
    const step: FileStep = (what, run) => {
      steps.push(what.replace(folder, ''))
      return run()
    }
    const checkpoints = checkpointsIn(folder, ledger, { step })
    ledger.height = 250
    await checkpoints.publish()
    steps.length = 0
    ledger.height = 257
    await checkpoints.publish()
    const at = (what: string) => {
      const found = steps.indexOf(what)
      expect([what, found >= 0]).toEqual([what, true])
      return found
    }
    const inOrder = [
      ...['tile/0/000', 'tile/entries/000', 'tile/0/001.p/1', 'tile/entries/001.p/1', 'tile/1/000.p/1'].map(
        (path) => [`write ${path}`, `rename ${path}`, `sync /${dirname(path)}`] as const,
      ),
    ]
    for (const [write, rename, sync] of inOrder) {
      expect(at(write)).toBeLessThan(at(rename))
      expect(at(rename)).toBeLessThan(at(sync))
      expect(at(sync)).toBeLessThan(at('write last-signed'))
    }
    const root = steps.flatMap((what, index) => (what === 'sync ' ? [index] : []))
    expect(root.some((index) => index > at('rename last-signed') && index < at('write checkpoint'))).toBe(true)
    expect(root.some((index) => index > at('rename checkpoint') && index < at('remove tile/0/000.p'))).toBe(true)
  })

  /** Small, and crossing a full tile: every step of it fails once before it happened, and once after. */
  const heights = [255, 257]

  test.each(['failed, and did not happen', 'failed, and happened', 'torn'] as const)(
    'a process that ends at any step (%s) never signs two roots for one size, and goes on',
    async (mode) => {
      let steps = Number.POSITIVE_INFINITY
      let ended = 0
      for (let failAt = 0; failAt < steps; failAt++) {
        const folder = temporaryFolder()
        const ledger = new Ledger()
        const watcher = new Watcher()
        let count = 0
        const step: FileStep = async (what, run) => {
          watcher.see(folder)
          if (count++ !== failAt) return run()
          if (mode === 'failed, and happened') await run()
          if (mode === 'torn' && what.startsWith('write')) {
            await run()
            const path = join(folder, `${what.slice('write '.length)}.new`)
            writeFileSync(path, readFileSync(path).subarray(0, 10))
          }
          ended++
          throw new Error('the process ends here')
        }
        let checkpoints = checkpointsIn(folder, ledger, { step })
        for (ledger.height of heights) {
          await checkpoints.publish().catch(() => {
            // What follows is another process, on what is on the disk.
            checkpoints = checkpointsIn(folder, ledger, { step })
          })
          watcher.see(folder)
        }
        await checkpoints.publish()
        watcher.see(folder)
        expect(publishedIn(folder)).toMatchObject({ size: 257, root: ledger.rootAt(257) })
        expect(watcher.grewFromAll(folder)).toBe(true)
        expect(checkpoints.contradictions).toEqual([])
        steps = count
        rmSync(folder, { recursive: true })
      }
      expect(ended).toBeGreaterThan(30)
    },
  )

  test('a write that fails is tried again by the same process', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    let full = true
    const told: string[] = []
    const checkpoints = checkpointsIn(folder, ledger, {
      step: (_, run) => (full ? Promise.reject(new Error('no space left')) : run()),
      observe: (what) => told.push(what),
    })
    ledger.height = 5
    await expect(checkpoints.publish()).rejects.toThrow('no space left')
    expect([publishedIn(folder), told]).toEqual([undefined, ['checkpoint-failed']])
    full = false
    await checkpoints.publish()
    expect([publishedIn(folder)?.size, told]).toEqual([5, ['checkpoint-failed', 'checkpoint']])
  })
})

describe('what would contradict an earlier signature is not signed', () => {
  async function signed(height: number) {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    ledger.height = height
    await checkpointsIn(folder, ledger).publish()
    return folder
  }

  test('other blocks at a height that was signed', async () => {
    const folder = await signed(300)
    const fork = new Ledger('fork', 290)
    fork.height = 400
    const checkpoints = checkpointsIn(folder, fork)
    await expect(checkpoints.publish()).rejects.toThrow(/first 300 blocks are not those/)
    await expect(checkpoints.publish()).rejects.toThrow(/first 300 blocks/)
    expect(checkpoints.contradictions).toHaveLength(1)
    expect(publishedIn(folder)?.size).toBe(300)
  })

  test('a replica that is behind waits until it has caught up', async () => {
    const folder = await signed(300)
    const behind = new Ledger()
    const checkpoints = checkpointsIn(folder, behind)
    for (behind.height of [0, 10, 299]) await checkpoints.publish()
    expect(publishedIn(folder)?.size).toBe(300)
    behind.height = 301
    await checkpoints.publish()
    expect(publishedIn(folder)?.size).toBe(301)
  })

  test('a fork that is behind shows itself when it has caught up', async () => {
    const folder = await signed(300)
    const fork = new Ledger('fork', 290)
    const checkpoints = checkpointsIn(folder, fork)
    fork.height = 299
    await checkpoints.publish()
    fork.height = 300
    await expect(checkpoints.publish()).rejects.toThrow(/not those that were signed/)
  })

  test('an older record of what was signed, beside a newer checkpoint', async () => {
    const folder = await signed(300)
    const older = await signed(200)
    copyFileSync(join(older, 'last-signed'), join(folder, 'last-signed'))
    const ledger = new Ledger()
    ledger.height = 301
    await expect(checkpointsIn(folder, ledger).publish()).rejects.toThrow(/denies/)
  })

  test('a damaged record, or one of another log', async () => {
    const folder = await signed(300)
    const text = readFileSync(join(folder, 'last-signed'), 'utf8')
    for (const wrong of ['', text.slice(0, 60), text.replace('hospital-1', 'hospital-2'), `${text}more\n`]) {
      writeFileSync(join(folder, 'last-signed'), wrong)
      const ledger = new Ledger()
      ledger.height = 301
      await expect(checkpointsIn(folder, ledger).publish()).rejects.toThrow(/damaged/)
    }
  })

  test('another key', async () => {
    const folder = await signed(3)
    const ledger = new Ledger()
    ledger.height = 4
    const other = checkpointsIn(folder, ledger, { seed: sha256(utf8('another seed')) })
    await expect(other.publish()).rejects.toThrow(/another key/)
  })

  test('two processes in one folder: the second to sign stops', async () => {
    const folder = temporaryFolder()
    const [one, two] = [new Ledger(), new Ledger('fork', 2)]
    const [first, second] = [checkpointsIn(folder, one), checkpointsIn(folder, two)]
    for (const ledger of [one, two]) ledger.height = 1
    await first.publish()
    await second.publish()
    one.height = 2
    await first.publish()
    two.height = 2
    await expect(second.publish()).rejects.toThrow(/somebody else/)
    expect(publishedIn(folder)).toMatchObject({ size: 2, root: one.rootAt(2) })
  })

  test('a lost record is taken from the checkpoint, and a lost checkpoint from the record', async () => {
    const folder = await signed(300)
    const before = readFileSync(join(folder, 'checkpoint'))
    rmSync(join(folder, 'checkpoint'))
    const ledger = new Ledger()
    ledger.height = 300
    await checkpointsIn(folder, ledger).publish()
    expect(readFileSync(join(folder, 'checkpoint'))).toEqual(before)
    rmSync(join(folder, 'last-signed'))
    const fork = new Ledger('fork', 290)
    fork.height = 300
    await expect(checkpointsIn(folder, fork).publish()).rejects.toThrow(/not those/)
  })
})

describe('when it publishes', () => {
  test('at once after a pause, then at most every two seconds, and the newest in the end', async () => {
    const folder = temporaryFolder()
    const ledger = new Ledger()
    let now = 1_800_000_000
    let due: { readonly at: number; readonly callback: () => void } | undefined
    const checkpoints = checkpointsIn(folder, ledger, {
      now: () => now,
      schedule(callback, milliseconds) {
        due = { at: now + milliseconds / 1000, callback }
        return () => {
          due = undefined
        }
      },
    })
    const published: number[] = []
    for (let tick = 0; tick < 100; tick++, now += 0.125) {
      ledger.height++
      checkpoints.wake()
      if (!due || due.at > now) continue
      const { callback } = due
      due = undefined
      callback()
      await checkpoints.publish()
      // The part that looks whether more has come runs in a later turn.
      await new Promise((resolve) => setImmediate(resolve))
      published.push(publishedIn(folder)?.size ?? 0)
    }
    expect(published).toEqual([1, 17, 33, 49, 65, 81, 97])
    await checkpoints.stop()
    checkpoints.wake()
    expect(due).toBeUndefined()
  })
})

test('the files are readable for a web server that is pointed at them', async () => {
  const folder = temporaryFolder()
  const ledger = new Ledger()
  ledger.height = 1
  await checkpointsIn(folder, ledger).publish()
  for (const path of ['checkpoint', 'vkey', 'tile/0/000.p/1']) {
    expect(existsSync(join(folder, path))).toBe(true)
    expect(statSync(join(folder, path)).mode & 0o044).toBe(0o044)
  }
})
