/**
 * What a light client asks of an engine's RPC, and nothing else of it: the only questions that a node answers for its
 * engine to other members, so that whoever begins needs no way to an engine's RPC. All of them read.
 */
import {
  decode,
  encode,
  type Infer,
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type Malformed,
  object,
  oneOf,
  option,
  type Result,
  readJson,
  uint,
} from '@plexus/codec'

/** Of CometBFT `rpc/openapi`: a block's header with its votes, who could vote, and the parameters that the header hashes. */
const methods = ['commit', 'validators', 'consensus_params'] as const

const lightQuestion = object({
  method: oneOf(...methods),
  /** Null for the newest. */
  height: option(uint()),
  /** Of the request (JSON-RPC 2.0 §4): the answer carries it, and whoever asked looks for it. */
  id: uint(),
})
export type LightQuestion = Infer<typeof lightQuestion>

const questionBytesMax = 256

export const writeLightQuestion = (question: LightQuestion): Uint8Array => encode(lightQuestion, question)

export const readLightQuestion = (source: Uint8Array): Result<LightQuestion, Malformed> =>
  decode(lightQuestion, source, questionBytesMax)

/** A hundred validators fit one page, and no network has more. */
const validatorsPerPage = '100'

/** The request to the engine's RPC. */
export function lightBodyOf({ method, height, id }: LightQuestion): string {
  const at = height === null ? {} : { height: String(height) }
  const page = method === 'validators' ? { page: '1', per_page: validatorsPerPage } : {}
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...at, ...page } })
}

const requestBytesMax = 4_096

/** The question in a request of the engine's light client (CometBFT `light/provider/http`); undefined for any other. */
export function lightQuestionIn(request: Uint8Array): LightQuestion | undefined {
  const read = readJson(request, { bytesMax: requestBytesMax })
  const asked = read.ok ? read.value.value : undefined
  if (!isJsonObject(asked)) return undefined
  const method = methods.find((each) => each === asked.get('method'))
  const id = wholeIn(asked, 'id')
  const params = asked.get('params') ?? new Map()
  if (!method || id === undefined || !isJsonObject(params)) return undefined
  const page = wholeIn(params, 'page') ?? 1
  const stated = params.get('height') ?? null
  const height = stated === null ? null : wholeIn(params, 'height')
  return height === undefined || page !== 1 ? undefined : { method, height, id }
}

/** Heights travel as texts, since they have 64 bits there. */
function wholeIn(fields: JsonObject, name: string): number | undefined {
  const value = fields.get(name)
  const text = value instanceof JsonNumber ? value.text : value
  return typeof text === 'string' && /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : undefined
}
