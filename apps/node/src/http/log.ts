/**
 * The node's log: lines of JSON whose every field is on a list with the form that its value must have. Whatever else is
 * handed to the logger is left out, so that no chart, name, address, header or body can come into a log by oversight.
 */
import { type DestinationStream, pino, stdTimeFunctions } from 'pino'

const word = /^[a-z][a-z0-9-]{0,59}$/
const count = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const matching =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value)

/** A field that is not here is not logged; a value of another form is replaced by `(left out)`. */
const forms: Readonly<Record<keyof LogLine, (value: unknown) => boolean>> = {
  what: matching(word),
  member: matching(word),
  method: matching(/^(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)$/),
  /** The pattern under which a route is registered, never the address that came. */
  route: matching(/^(?:\/(?:v1|:?[a-z][a-z-]{0,29}|openapi\.json)){1,8}$/),
  status: count,
  milliseconds: count,
  requestId: matching(/^[a-z0-9]{1,12}$/),
  problem: matching(word),
  height: count,
  port: count,
  /** Class of a failure, and where in the code it was thrown. */
  failure: matching(/^[A-Z][A-Za-z]{0,39}$/),
  at: matching(/^(?:packages|apps)\/[a-z0-9/.-]{1,100}\.ts:\d{1,6}:\d{1,6}$/),
}

function allowed(line: LogLine): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [name, fits] of Object.entries(forms)) {
    const value = line[name as keyof LogLine]
    if (value !== undefined) kept[name] = fits(value) ? value : '(left out)'
  }
  return kept
}

/** What may be said of a failure: its class and the innermost line of our own code. Messages may quote what was read. */
export function failureFacts(error: unknown): { readonly failure: string; readonly at?: string } {
  if (!(error instanceof Error)) return { failure: 'Unknown' }
  const at = /\b((?:packages|apps)\/[a-z0-9/.-]+\.ts:\d+:\d+)/.exec(
    error.stack?.split('\n    at ').slice(1).join('\n') ?? '',
  )
  return { failure: error.name, ...(at?.[1] && { at: at[1] }) }
}

/** What may be logged. */
export interface LogLine {
  readonly what: string
  readonly member?: string
  readonly method?: string
  readonly route?: string
  readonly status?: number
  readonly milliseconds?: number
  readonly requestId?: string
  readonly problem?: string
  readonly height?: number
  readonly port?: number
  readonly failure?: string
  readonly at?: string
}

/** No more of the logger than that: its other doors (messages, errors, children) would not pass the list. */
export interface NodeLogger {
  info(line: LogLine): void
  error(line: LogLine): void
}

/** `logger.info({ what: 'started', port })`. One line of JSON each, with level and time. */
export function createLogger(destination: DestinationStream): NodeLogger {
  const log = pino(
    { base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination,
  )
  return { info: (line) => log.info(allowed(line)), error: (line) => log.error(allowed(line)) }
}
