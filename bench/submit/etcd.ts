/** etcd beside: one node, its own fsync, puts and transactions over its JSON gateway. Nothing is signed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '@plexus/node'
import { HttpLine, openLines } from './http-line.ts'
import { overLines, type Peer, programNamed, startServer } from './processes.ts'

export interface PeerSize {
  /** Bytes of one value: those of an envelope. */
  readonly valueBytes: number
  readonly lines: number
  readonly batchLines: number
  readonly perBatch: number
}

/** Null when no etcd is installed. */
export async function startEtcd({ valueBytes, lines, batchLines, perBatch }: PeerSize): Promise<Peer | null> {
  const program = programNamed('etcd')
  if (program === undefined) return null
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-etcd-'))
  const [client, peer] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`) as [string, string]
  const flags = {
    'data-dir': data,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'max-txn-ops': String(perBatch),
    'log-level': 'error',
    logger: 'zap',
  }
  const parameters = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const put = async (line: HttpLine): Promise<void> => {
    const { status } = await line.post(line.head('/v3/kv/put', json), putOf('ready', 1))
    if (status !== 200) throw new Error(`etcd answered ${status}`)
  }
  const running = await startServer(program, parameters, {}, async () => {
    const line = await HttpLine.open(client)
    await put(line).finally(() => line.close())
  })
  let made = 0
  const keys = (count: number) => Array.from({ length: count }, () => `record-${made++}`)
  const send = async (count: number, path: string, bodies: readonly Uint8Array[]) =>
    overLines(await openLines(client, count), bodies, async (line, body) => {
      const { status } = await line.post(line.head(path, json), body)
      if (status !== 200) throw new Error(`etcd answered ${status}`)
    })
  return {
    name: 'etcd',
    single: {
      name: 'etcd, one put',
      prepare(count) {
        const bodies = keys(count).map((key) => putOf(key, valueBytes))
        return send(lines, '/v3/kv/put', bodies)
      },
    },
    batch: {
      name: `etcd, transactions of ${perBatch}`,
      prepare(count) {
        const bodies = Array.from({ length: Math.ceil(count / perBatch) }, () => {
          const success = keys(perBatch).map((key) => ({ requestPut: fieldsOf(key, valueBytes) }))
          return Buffer.from(JSON.stringify({ success }))
        })
        return send(batchLines, '/v3/kv/txn', bodies)
      },
    },
    async stop() {
      await running.stop('SIGTERM')
      rmSync(data, { recursive: true, force: true })
    },
  }
}

const json = { 'Content-Type': 'application/json' }
const fieldsOf = (key: string, valueBytes: number) => ({
  key: Buffer.from(key).toString('base64'),
  value: Buffer.alloc(valueBytes, key).toString('base64'),
})
const putOf = (key: string, valueBytes: number): Uint8Array => Buffer.from(JSON.stringify(fieldsOf(key, valueBytes)))
