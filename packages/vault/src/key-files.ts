import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DurableStep } from './durable-step.ts'
import { makeFolder, overwriteWithZeros, syncFolder } from './files.ts'
import { generationFile, type KeyEntry, KeyGeneration, type KeyTable, keyTables, traceTable } from './key-generation.ts'

const partialSuffix = '.partial'
const generationPattern = /^generation-(\d{10})$/

const erasedMark = new Uint8Array([1])

/** Asked for each entry of the tables that hold keys. */
export type IsErased = (table: KeyTable, entry: KeyEntry) => boolean

interface OpenGeneration {
  readonly number: number
  readonly tables: KeyGeneration
}

/**
 * The files of the key store: one generation at a time, each a folder `generation-NNNNNNNNNN`.
 *
 * LMDB leaves deleted values in freed pages, so nothing is ever deleted in place. Erasure copies all other entries into
 * the next generation, makes it durable, renames it into place (the one instant at which the erasure happens), and only
 * then overwrites and removes the old one. After a crash the highest generation in place is the valid one, since it was
 * complete before it got its name; whatever else lies there is removed at the next opening.
 */
export class KeyFiles {
  readonly #folder: string
  readonly #step: DurableStep
  #current: OpenGeneration | undefined
  #closed = false

  constructor({ folder, step }: { folder: string; step: DurableStep }) {
    this.#folder = folder
    this.#step = step
    this.#current = this.#recover()
  }

  get tables(): KeyGeneration {
    return this.#open().tables
  }

  get generation(): number {
    return this.#open().number
  }

  /** One durable transaction. */
  commit(entries: readonly (readonly [KeyTable, KeyEntry])[]): void {
    const { tables } = this.#open()
    try {
      this.#step('keys-commit', () =>
        tables.commit((put) => {
          for (const [table, entry] of entries) put(table, entry)
        }),
      )
    } catch (error) {
      // LMDB takes nothing more after some faults of the disk; the next call opens the file afresh, as it is by then.
      tables.close()
      this.#current = undefined
      throw error
    }
  }

  /**
   * Leaves out the keys that `isErased` names, and their bytes: no file of the key store holds them when this returns.
   * A trace of each, its name alone, stays in `erased-epochs` or `erased-records`. Costs a copy of the key store.
   */
  erase(isErased: IsErased): void {
    const old = this.#open()
    const next = old.number + 1
    const partial = this.#path(next) + partialSuffix
    try {
      this.#step('keys-copy', () => copyWithout(old.tables, partial, isErased))
    } catch (error) {
      rmSync(partial, { recursive: true, force: true })
      throw error
    }
    // Closed before the rename, so that nothing can be written to a generation that is no longer the valid one.
    this.#current = undefined
    old.tables.close()
    try {
      this.#step('keys-rename', () => renameSync(partial, this.#path(next)))
      this.#step('keys-folder-sync', () => syncFolder(this.#folder))
      // Durable from here on: the erased keys are in no valid generation.
      this.#destroy(old.number)
      this.#current = { number: next, tables: KeyGeneration.open(this.#path(next)) }
    } catch (error) {
      // Whether the rename happened only the folder knows. If it did, finishing what is left is all there is to do.
      this.#current = this.#recover()
      if (this.#current.number !== next) throw error
    }
  }

  close(): void {
    this.#closed = true
    this.#current?.tables.close()
    this.#current = undefined
  }

  #open(): OpenGeneration {
    if (this.#closed) throw new Error('the key store is closed')
    // Absent after an erasure that failed together with its recovery: the folder is read again once it can be.
    this.#current ??= this.#recover()
    return this.#current
  }

  #recover(): OpenGeneration {
    makeFolder(this.#folder)
    const numbers: number[] = []
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith(partialSuffix)) rmSync(join(this.#folder, name), { recursive: true, force: true })
      const digits = generationPattern.exec(name)?.[1]
      if (digits !== undefined) numbers.push(Number(digits))
    }
    numbers.sort((a, b) => a - b)
    const newest = numbers.pop() ?? this.#first()
    const tables = KeyGeneration.open(this.#path(newest))
    try {
      // The rename may have outlived the process but not yet be on the disk; nothing is lost or built on it before it is.
      this.#step('keys-folder-sync', () => syncFolder(this.#folder))
      for (const number of numbers) this.#destroy(number)
    } catch (error) {
      tables.close()
      throw error
    }
    return { number: newest, tables }
  }

  #first(): number {
    const partial = this.#path(1) + partialSuffix
    this.#step('keys-copy', () => KeyGeneration.create(partial, () => {}))
    this.#step('keys-rename', () => renameSync(partial, this.#path(1)))
    return 1
  }

  #destroy(number: number): void {
    const path = this.#path(number)
    this.#step('keys-overwrite-old', () => {
      // A crash within the removal below may have taken the file and left its folder.
      if (readdirSync(path).includes(generationFile)) overwriteWithZeros(join(path, generationFile))
    })
    this.#step('keys-remove-old', () => {
      rmSync(path, { recursive: true })
      syncFolder(this.#folder)
    })
  }

  #path(number: number): string {
    return join(this.#folder, `generation-${String(number).padStart(10, '0')}`)
  }
}

function copyWithout(from: KeyGeneration, folder: string, isErased: IsErased): void {
  KeyGeneration.create(folder, (write) => {
    for (const table of keyTables) {
      const trace = traceTable[table]
      for (const entry of from.range(table)) {
        if (trace !== undefined && isErased(table, entry)) write(trace, { name: entry.name, value: erasedMark })
        else write(table, entry)
      }
    }
  })
}
