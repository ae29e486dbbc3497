import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Directory } from './directory.ts'

const data = mkdtempSync(join(tmpdir(), 'plexus-directory-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

test('a directory that is torn anywhere does not open, and its message says nothing of what stands there', () => {
  const directory = Directory.open(data)
  directory.add({ source: 'source-17', name: 'QUIETNAME', id: 'hospital-1', member: 'hospital-1' })
  directory.holds('patient-23', 'hospital-1')
  directory.save()
  const path = join(data, 'directory.json')
  const whole = readFileSync(path, 'utf8')
  expect(whole).toContain('QUIETNAME')
  for (let length = 0; length < whole.length - 1; length++) {
    // As a disk leaves it: what was not written is zeros.
    writeFileSync(path, whole.slice(0, length).padEnd(whole.length, '\0'))
    expect(() => Directory.open(data), `torn at ${length}`).toThrow(
      /^\S+directory\.json is no JSON: restore the newest copy$/,
    )
  }
})
