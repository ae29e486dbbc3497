/**
 * The roads between engines: a proxy on the loopback for each way from one engine to another, so that a road can be cut or
 * made slow, and mended. What goes through is encrypted from end to end; a proxy only loses or delays bytes.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

const loopback = '127.0.0.1'
/** Of what waits on a road in one direction: then its sender waits too, as it would behind a full wire. */
const bytesWaitingMax = 1024 * 1024

/** A reader that is behind, or stopped, is looked at again so soon. */
const fullMilliseconds = 20

/** An engine, as the ledger says where it is. */
export interface End {
  readonly member: string
  readonly nodeId: string
  readonly port: number
}

/** Two members, in any order. */
export type Pair = readonly [string, string]

/** What a road does to everything on it. */
interface Weather {
  cut: boolean
  milliseconds: number
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly due: number
}

/** Bytes from one socket to the other, in their order, as late as the weather says. */
class Lane {
  private readonly queue: Waiting[] = []
  private waiting = 0
  private ended = false
  private timer: NodeJS.Timeout | undefined
  private readonly from: Socket
  private readonly to: Socket
  private readonly weather: Weather

  constructor(from: Socket, to: Socket, weather: Weather) {
    this.from = from
    this.to = to
    this.weather = weather
    from.on('data', (bytes: Uint8Array) => {
      this.queue.push({ bytes, due: performance.now() + weather.milliseconds })
      this.waiting += bytes.length
      if (this.waiting > bytesWaitingMax) from.pause()
      this.move()
    })
    // Nobody hears through a cut road that the other side is gone.
    from.on('close', () => {
      this.ended = true
      this.move()
    })
    from.on('error', () => {})
  }

  move(): void {
    clearTimeout(this.timer)
    if (this.weather.cut) return
    for (let [first] = this.queue; first; [first] = this.queue) {
      if (this.to.writableLength > bytesWaitingMax) {
        this.timer = setTimeout(() => this.move(), fullMilliseconds)
        return
      }
      const early = first.due - performance.now()
      if (early > 0) {
        this.timer = setTimeout(() => this.move(), early)
        return
      }
      this.queue.shift()
      this.waiting -= first.bytes.length
      if (!this.to.destroyed) this.to.write(first.bytes)
    }
    if (this.ended) this.to.destroy()
    else if (this.from.isPaused()) this.from.resume()
  }

  close(): void {
    clearTimeout(this.timer)
    this.from.destroy()
  }
}

/** The way by which one engine dials another. */
class Way {
  readonly weather: Weather = { cut: false, milliseconds: 0 }
  private readonly lanes = new Set<Lane>()
  private readonly server: Server
  private readonly target: number

  constructor(target: number) {
    this.target = target
    this.server = createServer((caller) => this.accept(caller))
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.on('error', reject)
      this.server.listen(0, loopback, () => {
        const address = this.server.address()
        if (typeof address === 'object' && address) resolve(address.port)
      })
    })
  }

  move(): void {
    for (const lane of this.lanes) lane.move()
  }

  close(): void {
    this.server.close()
    for (const lane of this.lanes) lane.close()
  }

  /** While the road is cut the caller is let in, since a proxy cannot be silent, and hears nothing. */
  private accept(caller: Socket): void {
    const called = connect(this.target, loopback)
    const lanes = [new Lane(caller, called, this.weather), new Lane(called, caller, this.weather)]
    for (const lane of lanes) this.lanes.add(lane)
    for (const socket of [caller, called])
      socket.on('close', () => {
        if (caller.destroyed && called.destroyed) for (const lane of lanes) this.lanes.delete(lane)
      })
  }
}

export class Links {
  private readonly ends: readonly End[]
  /** By who dials, then by who is dialled. */
  private readonly ways: ReadonlyMap<string, ReadonlyMap<string, Way>>
  private readonly ports = new Map<Way, number>()

  private constructor(ends: readonly End[]) {
    this.ends = ends
    this.ways = new Map(
      ends.map(({ member }) => [
        member,
        new Map(ends.filter((each) => each.member !== member).map((each) => [each.member, new Way(each.port)])),
      ]),
    )
  }

  static async open(ends: readonly End[]): Promise<Links> {
    const links = new Links(ends)
    for (const way of links.all()) links.ports.set(way, await way.listen())
    return links
  }

  /** Where this member's engine is to dial the others, `ID@HOST:PORT` each. */
  peersOf(member: string): readonly string[] {
    return this.ends.flatMap((end) => {
      const way = this.ways.get(member)?.get(end.member)
      return way ? [`${end.nodeId}@${loopback}:${this.ports.get(way)}`] : []
    })
  }

  /** Nothing goes through between these any more, in either direction, and nobody is told. */
  cut(pairs: readonly Pair[]): void {
    for (const { weather } of this.between(pairs)) weather.cut = true
  }

  /** Whatever goes between these takes so much longer, each way. */
  slow(pairs: readonly Pair[], milliseconds: number): void {
    for (const { weather } of this.between(pairs)) weather.milliseconds = milliseconds
  }

  /** All roads are whole; what waited goes on. */
  mend(): void {
    for (const way of this.all()) {
      way.weather.cut = false
      way.weather.milliseconds = 0
      way.move()
    }
  }

  close(): void {
    for (const way of this.all()) way.close()
  }

  private all(): readonly Way[] {
    return [...this.ways.values()].flatMap((ways) => [...ways.values()])
  }

  private between(pairs: readonly Pair[]): readonly Way[] {
    return pairs.flatMap(([one, other]) =>
      [this.ways.get(one)?.get(other), this.ways.get(other)?.get(one)].filter((way) => way !== undefined),
    )
  }
}
