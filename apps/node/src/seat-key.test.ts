/** The key of a seat is taken up when the ledger has it there, and broken off anywhere it is taken up all the same. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyOf } from '@plexus/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { layoutOf, makeFolders } from './layout.ts'
import { takeSeatKey } from './seat-key.ts'

const [old, next] = [1, 2].map((fill) => new Uint8Array(32).fill(fill)) as [Uint8Array, Uint8Array]

function home() {
  const data = mkdtempSync(join(tmpdir(), 'plexus-seat-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const layout = layoutOf(data, 'alder')
  makeFolders(layout)
  mkdirSync(join(layout.engine, 'config'), { recursive: true })
  const secret = (name: string): string => join(layout.keys, `${name}.secret`)
  const engineKey = join(layout.engine, 'config', 'priv_validator_key.json')
  writeFileSync(secret('validator'), old)
  writeFileSync(secret('validator-next'), next)
  writeFileSync(engineKey, 'of the old key')
  return { layout, secret, engineKey }
}

const seatOf = (seed: Uint8Array) => [{ member: 'alder', key: publicKeyOf(seed) }]

test('while the ledger has the old key in the seat, the next one waits', () => {
  const { layout, secret, engineKey } = home()
  for (const seats of [seatOf(old), [], [{ member: 'birch', key: publicKeyOf(next) }]])
    takeSeatKey(layout, seats, 'alder')
  expect(new Uint8Array(readFileSync(secret('validator')))).toEqual(old)
  expect([existsSync(secret('validator-next')), existsSync(engineKey)]).toEqual([true, true])
})

test('when the ledger has the next key in the seat, it is the node’s, and the engine is given it anew', () => {
  const { layout, secret, engineKey } = home()
  takeSeatKey(layout, seatOf(next), 'alder')
  expect(new Uint8Array(readFileSync(secret('validator')))).toEqual(next)
  expect([existsSync(secret('validator-next')), existsSync(engineKey)]).toEqual([false, false])
})

test('broken off after the key was written, it is finished at the next start', () => {
  const { layout, secret, engineKey } = home()
  rmSync(engineKey)
  writeFileSync(secret('validator'), next)
  takeSeatKey(layout, seatOf(next), 'alder')
  expect(new Uint8Array(readFileSync(secret('validator')))).toEqual(next)
  expect(existsSync(secret('validator-next'))).toBe(false)
})
