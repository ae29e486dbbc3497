/**
 * Text frames of the streams, read before anything is done by them: what answers at an address may be no node, or one
 * that would have its clients fall.
 */
import type { EventPage, ShownEvent, StreamMessage } from './submit-wire.ts'

/** The messages of a frame, or undefined when one of them is none. */
export function readStreamMessages(text: string): readonly StreamMessage[] | undefined {
  const frame = parsedJson(text)
  return Array.isArray(frame) && frame.every(isMessage) ? frame : undefined
}

/** The page of a frame, or undefined. What an event says besides its type is not looked at. */
export function readEventPage(text: string): EventPage | undefined {
  const frame = parsedJson(text)
  if (!isObject(frame) || !isNumber(frame['next'])) return undefined
  const { events } = frame
  return Array.isArray(events) && events.every(isShownEvent) ? { events, next: frame['next'] } : undefined
}

function isMessage(value: unknown): value is StreamMessage {
  if (!isObject(value)) return false
  const { type, first, windowEnvelopes, windowBytes, frameBytesMax, through, height } = value
  if (type === 'welcome') return [first, windowEnvelopes, windowBytes, frameBytesMax].every(isNumber)
  if (type === 'applied') return isNumber(through) && isNumber(height)
  const { code, refusal, retryAfterSeconds } = value
  return (
    type === 'refused' &&
    isNumber(through) &&
    isText(code) &&
    (refusal === null || isText(refusal)) &&
    (height === null || isNumber(height)) &&
    (retryAfterSeconds === null || isNumber(retryAfterSeconds))
  )
}

function isShownEvent(value: unknown): value is ShownEvent {
  if (!isObject(value)) return false
  const { sequence, height, contract, event } = value
  return isNumber(sequence) && isNumber(height) && isText(contract) && isObject(event) && isText(event['type'])
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Sequences, heights, counts and seconds: whole, and none below zero. */
function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
