/** A real S3 server for tests: versitygw, pinned in `../go`, built once with Go and started on a port of the loopback. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { S3Place } from './s3-requests.ts'

const moduleFolder = fileURLToPath(new URL('../go', import.meta.url))
const cacheFolder = fileURLToPath(new URL('../../../node_modules/.cache/plexus-s3-server', import.meta.url))
const program = 'github.com/versity/versitygw/cmd/versitygw'
/** A cold build fetches its modules and compiles for a minute or two on two cores. */
const buildMillisecondsMax = 900_000
/** Somebody else may take a free port before the server does. */
const startsMax = 5

/** The Go command, or undefined where there is none: on the path, or where its own installer puts it. */
export const goCommand = ['go', '/usr/local/go/bin/go'].find(
  (command) => spawnSync(command, ['version'], { stdio: 'ignore' }).status === 0,
)

export interface S3Server {
  readonly place: S3Place
  /** Without an answer to anybody from here on. */
  stop(): Promise<void>
}

/** Builds the server unless it is there; throws with what Go said when that fails. */
export function buildS3Server(): string {
  if (goCommand === undefined) throw new Error('there is no Go')
  const sums = ['go.mod', 'go.sum'].map((file) => readFileSync(join(moduleFolder, file)))
  const version = createHash('sha256').update(Buffer.concat(sums)).digest('hex').slice(0, 16)
  const built = join(cacheFolder, `versitygw-${version}`)
  if (existsSync(built)) return built
  mkdirSync(cacheFolder, { recursive: true })
  const partial = `${built}.${process.pid}`
  // Go insists on folders for modules and for its cache. A machine without a home gets them here, where npm can remove them.
  const home = process.env['HOME'] ? {} : { HOME: cacheFolder }
  const flags = `-mod=readonly -buildvcs=false${process.env['HOME'] ? '' : ' -modcacherw'}`
  const { status, stderr, error } = spawnSync(goCommand, ['build', '-ldflags=-s -w', '-o', partial, program], {
    cwd: moduleFolder,
    env: { ...process.env, ...home, CGO_ENABLED: '0', GOFLAGS: flags },
    timeout: buildMillisecondsMax,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`versitygw could not be built: ${error?.message ?? stderr.slice(-2_000)}`)
  renameSync(partial, built)
  return built
}

/** Starts a server over an empty folder with one bucket. */
export async function startS3Server(folder: string): Promise<S3Server> {
  const built = buildS3Server()
  const credentials = { accessKeyId: 'test-access', secretAccessKey: 'test-secret' }
  mkdirSync(join(folder, 'objects', 'vault'), { recursive: true })
  mkdirSync(join(folder, 'sidecar'))
  for (let start = 1; ; start++) {
    const port = await freePort()
    // Metadata beside the objects: extended attributes are not to be had on every file system of a temporary folder.
    const child = spawn(
      built,
      [
        '--port',
        `127.0.0.1:${port}`,
        '--keep-alive',
        'posix',
        '--sidecar',
        join(folder, 'sidecar'),
        join(folder, 'objects'),
      ],
      {
        env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    if (await listens(child)) {
      const place = {
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        bucket: 'vault',
        prefix: '',
        credentials,
      }
      return {
        place,
        stop: async () => {
          process.off('exit', end)
          await ended(child)
          rmSync(folder, { recursive: true, force: true })
        },
      }
    }
    await ended(child)
    if (start === startsMax) throw new Error('versitygw did not start')
  }
}

/** Whether the server says that it listens, before it ends. */
function listens(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let said = ''
    child.stdout?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4_096)
      if (said.includes('listening on')) resolve(true)
    })
    child.once('exit', () => resolve(false))
    child.once('error', () => resolve(false))
  })
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
