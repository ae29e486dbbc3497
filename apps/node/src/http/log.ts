/**
 * The node's log: lines of JSON whose every field is on a list with the form that its value must have. Whatever else is
 * handed to the logger is left out, so that no chart, name, address, header or body can come into a log by oversight.
 */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'

const word = /^[a-z][a-z0-9-]{0,59}$/
const count = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const matching =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value)

/** A field that is not here is not logged; a value of another form is replaced by `(left out)`. */
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
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
  at: matching(/^(?:packages|apps)\/[a-z0-9/-]{1,100}\.ts:\d{1,6}:\d{1,6}$/),
}

function allowed(line: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [name, fits] of Object.entries(fields)) {
    if (!(name in line) || line[name] === undefined) continue
    kept[name] = fits(line[name]) ? line[name] : '(left out)'
  }
  return kept
}

/** What may be said of a failure: its class and the innermost line of our own code. Messages may quote what was read. */
export function failureFacts(error: unknown): { readonly failure: string; readonly at?: string } {
  if (!(error instanceof Error)) return { failure: 'Unknown' }
  const at = /\b((?:packages|apps)\/[a-z0-9/-]+\.ts:\d+:\d+)/.exec(
    error.stack?.split('\n    at ').slice(1).join('\n') ?? '',
  )
  return { failure: error.name, ...(at?.[1] && { at: at[1] }) }
}

/** `logger.info({ what: 'started', port })`: an object and nothing else; texts and errors are reduced to what is allowed. */
export function createLogger(destination: DestinationStream): Logger {
  return pino(
    {
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: allowed },
      hooks: {
        logMethod([line], method) {
          const given: unknown = line
          if (given instanceof Error) return method.call(this, failureFacts(given))
          return method.call(this, typeof given === 'object' && given !== null ? given : {})
        },
      },
      // A child's bindings are formatted apart from its lines: they pass the same list.
      serializers: {},
    },
    destination,
  )
}
