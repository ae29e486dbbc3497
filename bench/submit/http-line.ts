/**
 * One connection that posts and waits, with as little of its own as a load generator can have: it shares its two cores with
 * the server that is measured.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface LineAnswer {
  readonly status: number
  /** Empty when it came in pieces. */
  readonly body: string
}

const lastPiece = Buffer.from('0\r\n\r\n')

export class HttpLine {
  private readonly socket: Socket
  private readonly host: string
  private received: Buffer = Buffer.alloc(0)
  private waiting:
    | { readonly resolve: (answer: LineAnswer) => void; readonly reject: (error: Error) => void }
    | undefined

  private constructor(socket: Socket, host: string) {
    this.socket = socket
    this.host = host
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.take(chunk))
    // The closing follows an error, and tells.
    socket.on('error', () => {})
    socket.on('close', () => this.waiting?.reject(new Error('the connection was closed')))
  }

  static async open(origin: string): Promise<HttpLine> {
    const { hostname, port, host } = new URL(origin)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new HttpLine(socket, host)
  }

  /** The part of a request that is the same each time. */
  head(path: string, headers: Readonly<Record<string, string>>): string {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return `POST ${path} HTTP/1.1\r\nHost: ${this.host}\r\n${lines.join('')}Content-Length: `
  }

  post(head: string, body: Uint8Array): Promise<LineAnswer> {
    this.socket.cork()
    this.socket.write(`${head}${body.length}\r\n\r\n`, 'latin1')
    this.socket.write(body)
    this.socket.uncork()
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      if (this.socket.destroyed) reject(new Error('the connection was closed'))
    })
  }

  /** A server ends what was idle for long. */
  get closed(): boolean {
    return this.socket.destroyed
  }

  close(): void {
    this.socket.destroy()
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk])
    const end = this.received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.received.toString('latin1', 0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    // In pieces (RFC 9112 §7.1): only one answer is on its way, so it ends with the last piece, and its text is not read.
    if (length === undefined && !this.received.subarray(-lastPiece.length).equals(lastPiece)) return
    const whole = length === undefined ? this.received.length : end + 4 + Number(length)
    if (this.received.length < whole) return
    const body = length === undefined ? '' : this.received.toString('utf8', end + 4, whole)
    this.received = this.received.subarray(whole)
    const { waiting } = this
    this.waiting = undefined
    waiting?.resolve({ status: Number(head.slice(9, 12)), body })
  }
}

export const openLines = (origin: string, count: number): Promise<readonly HttpLine[]> =>
  Promise.all(Array.from({ length: count }, () => HttpLine.open(origin)))
