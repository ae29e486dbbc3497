/** Logs of members in memory, served on 127.0.0.1, that do as they are told: grow, fork, shrink, lie, and go away. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import {
  GrowingTiles,
  type NoteKey,
  noteKeyOf,
  openCheckpoint,
  originOf,
  signNote,
  writeCheckpoint,
  writeNote,
  writeNoteKey,
} from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { expect, onTestFinished } from 'vitest'
import { type Report, witnessRound } from './witness-round.ts'
import { WitnessState, type WriteFile } from './witness-state.ts'

export const chain = sha256(utf8('a chain'))

export class FakeLog {
  readonly origin: string
  readonly key: NoteKey
  readonly files = new Map<string, Uint8Array>()
  /** Paths that were asked for. */
  readonly asked: string[] = []
  /** What was posted. */
  readonly given: Uint8Array[] = []
  /** Changes an answer on its way. */
  onTheWay: (path: string, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes
  away = false
  url = ''
  private readonly seed: Uint8Array
  private server: Server | undefined

  constructor(member: string, seed = sha256(utf8(`log of ${member}`))) {
    this.origin = originOf({ chain, member })
    this.seed = seed
    this.key = noteKeyOf('log', { name: this.origin, seed })
    this.files.set('vkey', utf8(`${writeNoteKey(this.key)}\n`))
  }

  /** Signs a tree over `size` blocks; from `forkAt` on they are those of another history. */
  show(size: number, { fork = '', forkAt = 0 }: { readonly fork?: string; readonly forkAt?: number } = {}): Uint8Array {
    const tiles = GrowingTiles.empty()
    for (let index = 0; index < size; index++) {
      const leaf = utf8(`block ${index}${index >= forkAt ? fork : ''}`)
      for (const { path, bytes } of tiles.append(leaf)) this.files.set(path, bytes)
    }
    for (const { path, bytes } of tiles.partial()) this.files.set(path, bytes)
    const text = writeCheckpoint({ origin: this.origin, size, root: tiles.root() })
    const note = writeNote({ text, signatures: [signNote(text, { name: this.origin, seed: this.seed })] })
    this.files.set('checkpoint', note)
    return note
  }

  async listen(): Promise<this> {
    const server = createServer((request, response) => {
      const path = (request.url ?? '').slice(1)
      this.asked.push(path)
      if (request.method === 'POST') {
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          this.given.push(new Uint8Array(Buffer.concat(parts)))
          response.end('{}')
        })
        return
      }
      const bytes = this.files.get(path)
      if (this.away || !bytes) response.writeHead(this.away ? 503 : 404).end()
      else response.end(this.onTheWay(path, bytes))
    })
    this.server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return this
  }

  close(): void {
    this.server?.closeAllConnections()
    this.server?.close()
  }
}

export const startedAt = 1_800_000_000

export async function logs(...members: readonly string[]): Promise<readonly FakeLog[]> {
  const made = await Promise.all(members.map((member) => new FakeLog(member).listen()))
  onTestFinished(() => {
    for (const log of made) log.close()
  })
  return made
}

export async function oneLog(): Promise<FakeLog> {
  const [log] = await logs('hospital-1')
  if (!log) throw new Error('a log')
  return log
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-witness-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** One look by a witness that starts from its folder each time, as after a crash. */
export async function look(
  folder: string,
  of: readonly FakeLog[],
  { write = writeDurably, post = false, at = startedAt }: { write?: WriteFile; post?: boolean; at?: number } = {},
): Promise<readonly Report[]> {
  const state = WitnessState.open(folder, 'witness.example/w1', write)
  try {
    return await witnessRound(
      { state, now: () => at, post },
      of.map(({ url }) => ({ url, key: undefined })),
    )
  } finally {
    state.close()
  }
}

export function cosigned(folder: string, { key, origin }: FakeLog) {
  const path = join(folder, 'cosigned', `${toHex(chain)}-${origin.split('/').at(-1)}`)
  if (!existsSync(path)) return undefined
  const state = WitnessState.open(folder, undefined)
  state.close()
  const opened = openCheckpoint(new Uint8Array(readFileSync(path)), key, [state.key])
  if (!opened.ok) throw new Error(opened.reason.type)
  return opened.value
}

export const types = (reports: readonly Report[]) =>
  reports.map((each) => (each.type === 'alarm' ? each.why : each.type))

export function evidenceIn(folder: string): Readonly<Record<string, Uint8Array>> {
  const [name = '', ...more] = readdirSync(join(folder, 'evidence'))
  expect(more).toEqual([])
  const at = join(folder, 'evidence', name)
  return Object.fromEntries(
    readdirSync(at, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => {
        const path = join(each.parentPath, each.name)
        return [path.slice(at.length + 1), new Uint8Array(readFileSync(path))]
      }),
  )
}
