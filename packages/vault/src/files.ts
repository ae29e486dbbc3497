import { closeSync, fstatSync, fsyncSync, mkdirSync, opendirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** What lies in a vault is for the node's own account alone. */
const folderMode = 0o700
export const fileMode = 0o600

/** Large enough that a system call costs nothing beside the copy, small enough to stay out of the way of the heap. */
const zerosBytes = 1 << 20

/** Makes a folder and its parents, each durable in the folder above it when this returns. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: folderMode })
  if (first === undefined) return
  let made = path
  for (;;) {
    syncFolder(dirname(made))
    if (made === first || made === dirname(made)) return
    made = dirname(made)
  }
}

/** The names of the files of a folder, in no stated order. */
export function* fileNames(folder: string): Iterable<string> {
  const entries = opendirSync(folder)
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      if (entry.isFile()) yield entry.name
    }
  } finally {
    entries.closeSync()
  }
}

/** Names in a folder are durable only after the folder itself was synced. */
export function syncFolder(path: string): void {
  syncPath(path, 'r')
}

export function syncFile(path: string): void {
  syncPath(path, 'r+')
}

/** Writes a new file whose bytes are durable when this returns; its name is not, before its folder is synced. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w', fileMode)
  try {
    writeAll(file, bytes, 0)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Overwrites a file in place with zeros, durably. What a flash disk keeps of the old blocks is beyond any program. */
export function overwriteWithZeros(path: string): void {
  const file = openSync(path, 'r+')
  try {
    const size = fstatSync(file).size
    const zeros = new Uint8Array(Math.min(size, zerosBytes))
    for (let at = 0; at < size; at += zeros.length) {
      writeAll(file, zeros.subarray(0, Math.min(zeros.length, size - at)), at)
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written)
  }
}

function syncPath(path: string, flags: 'r' | 'r+'): void {
  const file = openSync(path, flags)
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
