import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hmacSha256, type RandomBytes } from '@plexus/crypto'
import { afterAll } from 'vitest'
import type { BlobStore } from './blob-store.ts'
import { openDiskBlobStore } from './disk-blob-store.ts'
import type { DurableStep, DurableStepName } from './durable-step.ts'
import { type KeyStore, openKeyStore } from './key-store.ts'
import { type NewRecord, openVault, type SealedRecord, type Vault } from './vault.ts'

const made: string[] = []

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-vault-'))
  made.push(folder)
  return folder
}

/** Bytes that differ from call to call and are the same in every run. */
export function seededRandom(seed: number): RandomBytes {
  let drawn = 0
  return (length) => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      drawn += 1
      const block = hmacSha256(new Uint8Array(32).fill(seed), new Uint8Array(Uint32Array.of(drawn).buffer))
      bytes.set(block.subarray(0, Math.min(32, length - at)), at)
    }
    return bytes
  }
}

const masterKey = new Uint8Array(32).fill(7)

export function openKeys(folder: string, { step, seed = 1 }: { step?: DurableStep; seed?: number } = {}): KeyStore {
  const opened = openKeyStore({ folder, masterKey, random: seededRandom(seed), ...(step && { step }) })
  if (!opened.ok) throw new Error(opened.reason.type)
  return opened.value
}

export interface OpenedVault {
  readonly vault: Vault
  readonly keys: KeyStore
  readonly blobs: BlobStore
  readonly folder: string
}

export function openVaultIn(
  folder: string,
  { step, seed = 1, blobs }: { step?: DurableStep; seed?: number; blobs?: (disk: BlobStore) => BlobStore } = {},
): OpenedVault {
  const disk = openDiskBlobStore({ folder: join(folder, 'blobs'), ...(step && { step }) })
  const used = blobs === undefined ? disk : blobs(disk)
  const keys = openKeys(join(folder, 'keys'), { seed, ...(step && { step }) })
  return { vault: openVault({ blobs: used, keys, random: seededRandom(seed + 100) }), keys, blobs: disk, folder }
}

export const contentType = 'application/fhir+json'

export function newRecord(given: Partial<NewRecord> & { readonly text?: string } = {}): NewRecord {
  const { text = 'synthetic', ...rest } = given
  return {
    custodian: 'clinic-a',
    patient: 'synthetic-patient-0001',
    segment: 'general',
    contentType,
    bytes: new Uint8Array(Buffer.from(text)),
    ...rest,
  }
}

/** The text of a sealed record, or why it does not open. */
export function opened(vault: Vault, { record, where }: SealedRecord, custodian = 'clinic-a'): string {
  const result = vault.open({ record, where, custodian, contentType })
  return result.ok ? Buffer.from(result.value).toString() : `refused: ${result.reason.type}`
}

export function only<Value>(values: readonly Value[]): Value {
  const [value] = values
  if (value === undefined || values.length !== 1) throw new Error(`expected one value, came ${values.length}`)
  return value
}

/** What a dead process leaves: its folders as they are, read by somebody else. */
export function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), 'copy')
  cpSync(folder, copy, { recursive: true })
  return copy
}

/** Every file below a folder, whole. */
export function filesBelow(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
}

export class PowerCut extends Error {}

/**
 * A process that dies at its n-th durable write, counted from 0: before the write ("failed and did not happen") or after
 * it ("failed and happened"). Every later write finds it dead. `written` names what was reached.
 */
export function dyingAt(
  nth: number,
  moment: 'before' | 'after',
): { step: DurableStep; written: DurableStepName[]; arm(): void } {
  const written: DurableStepName[] = []
  let armed = false
  return {
    written,
    arm() {
      armed = true
    },
    step: (name, write) => {
      if (!armed) return write()
      if (written.length > nth) throw new PowerCut(`dead before ${name}`)
      written.push(name)
      if (written.length <= nth) return write()
      if (moment === 'after') write()
      throw new PowerCut(`${moment} ${name}`)
    },
  }
}

/** A medium that fails once, at its n-th durable write, and works again from then on. */
export function failingOnceAt(
  nth: number,
  moment: 'before' | 'after',
): { step: DurableStep; written: DurableStepName[]; arm(): void } {
  const dying = dyingAt(nth, moment)
  return {
    ...dying,
    step: (name, write) => (dying.written.length > nth ? write() : dying.step(name, write)),
  }
}
