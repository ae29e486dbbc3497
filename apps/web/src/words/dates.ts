/** Dates and times for people, in the language of the page and the zone of the device. */

export function timeOf(seconds: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'medium' }).format(new Date(seconds * 1000))
}

export function momentOf(seconds: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(seconds * 1000))
}

export function dayOf(seconds: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(seconds * 1000))
}

/** A FHIR date or dateTime, as precise as it came: `2024`, `2024-05`, `2024-05-06`, or an instant. */
export function dateOf(text: string, locale: string): string {
  const [, year, month, day] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/.exec(text) ?? []
  if (year === undefined) return text
  if (month === undefined) return year
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day ?? '1')))
  const shape = day === undefined ? { year: 'numeric', month: 'long' } : { dateStyle: 'medium' }
  return new Intl.DateTimeFormat(locale, { ...shape, timeZone: 'UTC' } as Intl.DateTimeFormatOptions).format(at)
}

/** The month that a line of a timeline stands under; empty where there is no date. */
export const monthOf = (text: string | null): string => /^\d{4}(?:-\d{2})?/.exec(text ?? '')?.[0] ?? ''
