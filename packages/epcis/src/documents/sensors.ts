/** What sensors told with an event (EPCIS 2.0 §7.3.7), one reading after another. */
import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
import { millisecondsOf } from '../times.ts'
import { bareWord, measurements, sensorAlerts, type Vocabulary } from '../vocabulary.ts'
import type { EpcisEvent } from './events.ts'

/** One report with what its element says for all of them. Numbers stand as they were written; times are in milliseconds. */
export interface SensorReading {
  /** `Temperature` and other words of the GS1 vocabulary, or a URI. */
  readonly type: string
  /** UN/CEFACT Recommendation 20: `CEL` for degrees Celsius. */
  readonly uom: string | null
  /** `ALARM_CONDITION`, `ERROR_CONDITION`, a URI, or null. */
  readonly exception: string | null
  readonly deviceID: string | null
  readonly time: number | null
  readonly startTime: number | null
  readonly endTime: number | null
  readonly value: string | null
  readonly minValue: string | null
  readonly maxValue: string | null
  readonly meanValue: string | null
}

/** In the order of the event. What a report says itself counts before what its element says. */
export function sensorReadings({ form }: EpcisEvent): readonly SensorReading[] {
  return objectsIn(form.get('sensorElementList')).flatMap((element) => {
    const metadata = element.get('sensorMetadata')
    return objectsIn(element.get('sensorReport')).map((report) => readingOf(report, metadata))
  })
}

const objectsIn = (value: JsonValue | undefined): readonly JsonObject[] =>
  isJsonList(value) ? value.filter((each) => isJsonObject(each)) : []

function readingOf(report: JsonObject, metadata: JsonValue | undefined): SensorReading {
  const get = (name: string) => report.get(name) ?? (isJsonObject(metadata) ? metadata.get(name) : undefined)
  const time = (name: string) => {
    const value = get(name)
    return typeof value === 'string' ? (millisecondsOf(value) ?? null) : null
  }
  const number = (name: string) => {
    const value = report.get(name)
    return value instanceof JsonNumber ? value.text : null
  }
  const text = (name: string) => {
    const value = get(name)
    return typeof value === 'string' ? value : null
  }
  const word = (vocabulary: Vocabulary, name: string) => {
    const value = text(name)
    return value === null ? null : bareWord(vocabulary, value)
  }
  return {
    type: word(measurements, 'type') ?? '',
    uom: text('uom'),
    exception: word(sensorAlerts, 'exception'),
    deviceID: text('deviceID'),
    time: time('time'),
    startTime: time('startTime'),
    endTime: time('endTime'),
    value: number('value'),
    minValue: number('minValue'),
    maxValue: number('maxValue'),
    meanValue: number('meanValue'),
  }
}
