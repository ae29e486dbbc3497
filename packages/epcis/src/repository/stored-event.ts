/** Captured events as bytes, for a repository that keeps them on a disk. */
import { isJsonObject, type JsonValue, readJson, writeJson } from '@plexus/codec'
import { type EpcisEvent, eventOf } from '../documents/events.ts'
import { contextOf, namespacesOfEpcis, namespacesUnder } from '../documents/namespaces.ts'

/** All of an event: its form, and what the prefixes in it stand for. */
export function storedEvent({ form, namespaces }: EpcisEvent): Uint8Array {
  return writeJson(
    new Map<string, JsonValue>([
      ['@context', contextOf(namespaces)],
      ['event', form],
    ]),
  )
}

/** What `storedEvent` wrote. Throws on anything else: then the repository is damaged. */
export function restoredEvent(bytes: Uint8Array): EpcisEvent {
  const read = readJson(bytes)
  const stored = read.ok ? read.value.value : null
  const form = isJsonObject(stored) ? stored.get('event') : undefined
  if (!isJsonObject(stored) || !isJsonObject(form)) throw new Error('a stored event does not read')
  return eventOf(form, namespacesUnder(namespacesOfEpcis, stored.get('@context')))
}
