/** PostgreSQL beside: fsync and synchronous commit on, prepared inserts over its own protocol (version 3). Nothing is signed. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '@plexus/node'
import type { PeerSize } from './etcd.ts'
import { overLines, type Peer, programNamed, startServer } from './processes.ts'

/** Where Debian keeps the programs of each version. */
const debianFolder = '/usr/lib/postgresql'
const user = 'bench'

/** Null when no PostgreSQL is installed, or none that this user may start. */
export async function startPostgres(size: PeerSize): Promise<Peer | null> {
  const folders = existsSync(debianFolder)
    ? readdirSync(debianFolder).map((version) => join(debianFolder, version, 'bin'))
    : []
  const [initdb, postgres] = [programNamed('initdb', folders), programNamed('postgres', folders)]
  const owner = ownerOf()
  if (initdb === undefined || postgres === undefined || owner === null) return null
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-postgres-'))
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(data, owner.uid, owner.gid)
  const made = spawnSync(initdb, ['-D', data, '-U', user, '-A', 'trust', '--no-locale', '-E', 'UTF8'], {
    ...owner,
    cwd: data,
  })
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}`)
  const [port = 0] = await freePorts(1)
  const settings = { fsync: 'on', synchronous_commit: 'on', listen_addresses: '127.0.0.1', unix_socket_directories: '' }
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const running = await startServer(
    postgres,
    ['-D', data, '-p', String(port), ...parameters],
    { ...owner, cwd: data },
    async () => (await PostgresLine.open(port)).close(),
  )
  const first = await PostgresLine.open(port)
  await first.query('CREATE TABLE record (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)')
  first.close()
  const body = Buffer.alloc(size.valueBytes, 'record')
  const insert = async (count: number, statement: string, values: readonly Buffer[]) =>
    overLines(await openLines(port, count, statement), values, (line, value) => line.insert(value))
  return {
    name: 'PostgreSQL',
    single: {
      name: 'PostgreSQL, one insert',
      prepare: (count) => insert(size.lines, 'INSERT INTO record (body) VALUES ($1)', Array<Buffer>(count).fill(body)),
    },
    batch: {
      name: `PostgreSQL, inserts of ${size.perBatch} rows`,
      prepare(count) {
        const rows = arrayOf(Array<Buffer>(size.perBatch).fill(body))
        const values = Array<Buffer>(Math.ceil(count / size.perBatch)).fill(rows)
        return insert(size.batchLines, 'INSERT INTO record (body) SELECT unnest($1::bytea[])', values)
      },
    },
    async stop() {
      await running.stop('SIGINT')
      rmSync(data, { recursive: true, force: true })
    },
  }
}

interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root: then its own user runs it, where there is one. */
function ownerOf(): Owner | null {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return uid?.status === 0 && gid?.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : null
}

const openLines = (port: number, count: number, statement: string): Promise<readonly PostgresLine[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const line = await PostgresLine.open(port)
      await line.prepare(statement)
      return line
    }),
  )

/** PostgreSQL 15 documentation, chapter 55: a message is a byte of kind, its length with itself, and its content. */
class PostgresLine {
  private readonly socket: Socket
  private received: Buffer = Buffer.alloc(0)
  private failed = false
  private waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.take(chunk))
    // The closing follows an error, and tells.
    socket.on('error', () => {})
    socket.on('close', () => this.waiting?.reject(new Error('the connection was closed')))
  }

  static async open(port: number): Promise<PostgresLine> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const line = new PostgresLine(socket)
    const content = Buffer.concat([int32(196_608), Buffer.from(`user\0${user}\0database\0postgres\0\0`)])
    await line.send(Buffer.concat([int32(content.length + 4), content]))
    return line
  }

  query(text: string): Promise<void> {
    return this.send(message('Q', Buffer.from(`${text}\0`)))
  }

  prepare(text: string): Promise<void> {
    return this.send(Buffer.concat([message('P', Buffer.from(`\0${text}\0`), int16(0)), sync]))
  }

  /** Runs the prepared statement with one parameter in binary. */
  insert(parameter: Buffer): Promise<void> {
    const bind = message('B', twoEmpty, int16(1), int16(1), int16(1), int32(parameter.length), parameter, int16(0))
    return this.send(Buffer.concat([bind, execute, sync]))
  }

  close(): void {
    this.socket.destroy()
  }

  private send(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      if (this.socket.destroyed) reject(new Error('the connection was closed'))
      this.socket.write(bytes)
    })
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk])
    for (;;) {
      const length = this.received.length < 5 ? undefined : this.received.readInt32BE(1) + 1
      if (length === undefined || this.received.length < length) return
      const kind = this.received.toString('latin1', 0, 1)
      this.received = this.received.subarray(length)
      if (kind === 'E') this.failed = true
      if (kind === 'Z') this.ready()
    }
  }

  private ready(): void {
    const { waiting, failed } = this
    this.waiting = undefined
    this.failed = false
    if (failed) waiting?.reject(new Error('PostgreSQL refused a statement'))
    else waiting?.resolve()
  }
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
function message(kind: string, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(kind), int32(content.length + 4), content])
}
const sync = message('S')
const execute = message('E', Buffer.from('\0'), int32(0))
/** No names of portal and statement. */
const twoEmpty = Buffer.from('\0\0')
/** Number by which PostgreSQL knows `bytea`. */
const byteaType = 17

/** A one-dimensional array of `bytea` in binary: dimensions, no nulls, type, size, lower bound, elements with lengths. */
function arrayOf(values: readonly Buffer[]): Buffer {
  const head = [1, 0, byteaType, values.length, 1].map(int32)
  return Buffer.concat([...head, ...values.flatMap((value) => [int32(value.length), value])])
}
