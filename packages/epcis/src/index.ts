export {
  answerForm,
  captureForm,
  type DocumentHead,
  type DocumentLimits,
  documentLimits,
  type EpcisDocument,
  readEpcisJson,
  writeEpcisJson,
} from './documents/document.ts'
export type { Action, EpcisEvent, ErrorDeclaration, Quantity, Typed } from './documents/events.ts'
export { epcisContext, type Namespaces, namespacesOfEpcis } from './documents/namespaces.ts'
export { type SensorReading, sensorReadings } from './documents/sensors.ts'
export { type CaseRefusal, caseAfter, type ExceptionCase } from './exceptions/cases.ts'
export {
  type ExceptionItem,
  type ExceptionMessage,
  type ExceptionReport,
  type ExceptionResponse,
  type ItemAnswer,
  type Resolution,
  readExceptionMessage,
  type SeenProduct,
  wrongKeysIn,
} from './exceptions/messages.ts'
export { canonicalUri } from './gs1/canonical-uris.ts'
export { checkDigit, checkDigitHolds } from './gs1/check-digit.ts'
export { readDigitalLink, writeDigitalLink } from './gs1/digital-links.ts'
export { readEpcUrn, writeEpcUrn } from './gs1/epc-urns.ts'
export type { Gs1Identifier } from './gs1/gs1-identifier.ts'
export {
  carriesDrugCode,
  drugCodeDigits,
  type Gs1KeyKind,
  type Gs1Refusal,
  gtinOfDrugCode,
  parseGs1Key,
  parseGtin,
} from './gs1/keys.ts'
export { type CalendarDay, dayOnLabel, type LabelElements, readLabel } from './gs1/labels.ts'
export { eventHash, type HashedEvent, type Ignored } from './hash/event-hash.ts'
export type { EpcisRefusal, EpcisRefusalType } from './refusals.ts'
export { answerDocument, loneEventForm } from './repository/answer.ts'
export { type Arrival, type Captured, capture, captureDocument } from './repository/capture.ts'
export { MemoryRepository } from './repository/memory.ts'
export { type Direction, type EventQuery, type QueryPage, queryEvents, readEventQuery } from './repository/query.ts'
export type { CapturedEvent, EventRepository } from './repository/repository.ts'
export { restoredEvent, storedEvent } from './repository/stored-event.ts'
export { readEpcisXml } from './xml/document-in.ts'
export { writeEpcisXml } from './xml/document-out.ts'
