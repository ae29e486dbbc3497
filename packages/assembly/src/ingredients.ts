import type { EntryFacts } from './facts.ts'
import { compareText, sortedSet } from './order.ts'

export const rxNormSystem = 'http://www.nlm.nih.gov/research/umls/rxnorm'

/**
 * The ingredients that a medication names, for a safety hint: no terminology stands behind this. The RxNorm code decides
 * if it is in the small table below; otherwise the text does, part by part of a combination ("A 5 MG / B 10 MG").
 */
export function ingredientsOf({ codes, display }: EntryFacts): readonly string[] {
  for (const { system, code } of codes) {
    const known = system === rxNormSystem ? ingredientsByRxNorm.get(code) : undefined
    if (known) return known
  }
  if (display === null) return []
  const parts = display
    .slice(0, displayLengthMax)
    .replace(/\[[^[\]]*\]/g, ' ')
    .split(/\s\/\s/)
  return sortedSet(parts.map(ingredientIn).filter((ingredient) => ingredient !== ''))
}

/** Longer than any RxNorm name that is used in a prescription; what follows cannot be the ingredient. */
const displayLengthMax = 1_000

/** Brand names whose text does not name what is in them. */
const ingredientsByRxNorm: ReadonlyMap<string, readonly string[]> = new Map([
  ['315971', ['furosemide']], // Lasix
  ['748962', ['norethindrone']], // Camila
  ['831533', ['norethindrone']], // Errin
  ['757594', ['norethindrone']], // Jolivette
  ['748879', ['ethinyl estradiol', 'levonorgestrel']], // Levora
  ['751905', ['ethinyl estradiol', 'norgestimate']], // Trinessa
  ['748856', ['drospirenone', 'ethinyl estradiol']], // Yaz
  ['807283', ['levonorgestrel']], // Mirena
  ['1856546', ['levonorgestrel']], // Kyleena
])

/** Words before an ingredient: how much, how long, and how it is made. */
const prefixes: ReadonlySet<string> = new Set([
  'ml',
  'hr',
  'actuat',
  'day',
  'mg',
  'abuse',
  'deterrent',
  'extended',
  'delayed',
  'release',
  'oral',
  'topical',
])

/** Words that begin the names of different substances: there the whole name before the strength counts. */
const sharedWords: ReadonlySet<string> = new Set([
  'acid',
  'aluminum',
  'ammonium',
  'calcium',
  'ethinyl',
  'ferrous',
  'folic',
  'human',
  'hydrogen',
  'insulin',
  'iron',
  'lithium',
  'magnesium',
  'potassium',
  'regular',
  'silver',
  'sodium',
  'vitamin',
  'zinc',
])

/** The first word that is not a prefix, in lower case; the words up to the strength where that word is a shared one. */
function ingredientIn(part: string): string {
  const words: string[] = []
  for (const match of part.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).matchAll(/[a-z]+|\d[\d.,]*/g)) {
    const [token] = match
    const isWord = token >= 'a'
    if (words.length === 0 && (!isWord || prefixes.has(token))) continue
    if (!isWord) break
    words.push(token)
    if (!sharedWords.has(words[0] ?? '')) break
  }
  return words.join(' ')
}

/** Shorter words differ by one letter too easily. */
const misspelledLengthMin = 6
/** Active ingredients of one chart stay far below; above it only equal words count, and the work stays bounded. */
const comparedMax = 400

/**
 * For each ingredient the one it counts as: words of six letters or more that differ by one letter are taken for one
 * (Synthea writes "Simvistatin"). The first in code unit order stands for all.
 */
export function merged(ingredients: readonly string[]): ReadonlyMap<string, string> {
  const words = sortedSet(ingredients)
  const stands = new Map(words.map((word) => [word, word]))
  if (words.length > comparedMax) return stands
  for (const [index, word] of words.entries()) {
    for (const later of words.slice(index + 1)) {
      if (!differByOne(word, later)) continue
      const [into, from] = [stands.get(word) ?? word, stands.get(later) ?? later].sort(compareText)
      for (const [each, stand] of stands) if (stand === from) stands.set(each, into ?? word)
    }
  }
  return stands
}

/** Edit distance 1: one letter replaced, or one more. */
function differByOne(a: string, b: string): boolean {
  if (a.length < misspelledLengthMin || b.length < misspelledLengthMin || a === b) return false
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  const rest = short.length === long.length ? short.slice(at + 1) : short.slice(at)
  return rest === long.slice(at + 1)
}
