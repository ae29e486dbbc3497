/** What the commands share: options by their one name and meaning, values that are read from words, a door and a screen. */
import { InvalidArgumentError, Option } from 'commander'
import { defaultNode, NodeDoor } from './node-door.ts'
import { type Screen, screenOf } from './screen.ts'

/** What every command may be given. */
export interface CommonOptions {
  readonly json?: boolean
  readonly node?: readonly string[]
}

export const json = (): Option =>
  new Option('--json', 'one JSON object a line on standard output, and nothing else there')

export const node = (): Option =>
  new Option(
    '--node <url>',
    `address of a node (default: ${defaultNode}); repeatable where members run apart`,
  ).argParser(collect)

export const member = (): Option => new Option('--member <id>', 'which member of the process')

export const engine = (): Option =>
  new Option('--engine <name>', 'who orders the blocks: one key, or the votes of validators').choices([
    'local',
    'cometbft',
  ])

export const port = (): Option =>
  new Option('--port <number>', 'port of the HTTP API on 127.0.0.1').argParser(portNumber)

export const peerPort = (): Option =>
  new Option('--peer-port <number>', 'found members that speak over TLS, on this port and those after it').argParser(
    portNumber,
  )

/** Of an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

export function secondsNumber(text: string): number {
  const seconds = wholeNumber(text)
  if (seconds < 1 || seconds > 86_400) throw new InvalidArgumentError('expected 1 to 86400')
  return seconds
}

function portNumber(text: string): number {
  const port = wholeNumber(text)
  if (port > 65_535) throw new InvalidArgumentError('expected 0 to 65535')
  return port
}

export const doorOf = ({ node: [first = defaultNode, ...others] = [] }: CommonOptions): NodeDoor =>
  new NodeDoor(first, others)

export const screenFor = ({ json }: CommonOptions): Screen =>
  screenOf(json === true, (line) => process.stdout.write(line))
