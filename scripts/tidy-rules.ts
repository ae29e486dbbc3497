/** What no tool checks and the house forbids, as data and small functions; tidy.test.ts holds the repository to it. */
import { codeOnly } from './code-only.ts'

export interface Ban {
  readonly what: string
  readonly pattern: RegExp
}

/** Whatever could make two replicas, or two days, differ. Searched in code, never in comments or texts. */
export const determinismBans: readonly Ban[] = [
  { what: 'a clock', pattern: /\bDate\b|\bperformance\b|\bTemporal\b/ },
  { what: 'a timer', pattern: /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/ },
  { what: 'randomness', pattern: /\bMath\s*\.\s*random\b|\bgetRandomValues\b|\brandomUUID\b/ },
  { what: 'a locale', pattern: /\bIntl\b|\blocaleCompare\b|\btoLocale\w+/ },
  { what: 'text of a float', pattern: /\bparseFloat\b|\.\s*(?:toFixed|toPrecision|toExponential)\b/ },
  // ECMA-262 §21.3.2 leaves the last bits of these to the engine.
  {
    what: 'an approximated function',
    pattern: /\bMath\s*\.\s*(?:a?(?:sin|cos|tan)h?|atan2|pow|exp|expm1|log|log10|log1p|log2|sqrt|cbrt|hypot)\b/,
  },
  { what: 'the moment of garbage collection', pattern: /\b(?:WeakRef|FinalizationRegistry)\b/ },
  { what: 'code from text', pattern: /\beval\s*\(|\bnew Function\b/ },
]

/** Replicas decide in one go: a pause would be a place where something else can happen. */
export const asynchronyBans: readonly Ban[] = [{ what: 'asynchrony', pattern: /\b(?:async|await|Promise)\b/ }]

/** What only a composition root may touch; everything below is handed it. */
export const surroundingsBans: readonly Ban[] = [
  { what: 'the environment', pattern: /\bprocess\s*\.\s*(?:env|argv|cwd|exit|exitCode)\b/ },
  {
    what: 'the clock',
    pattern: /\bDate\s*\.\s*now\b|\bnew Date\b(?!\s*\(\s*[^\s)])|\bperformance\s*\.\s*now\b|\bhrtime\b/,
  },
  {
    what: 'a socket',
    pattern:
      /(?:\b(?:await|return|void)|[=(,>?:]|\bglobalThis\s*\.)\s*fetch\s*\(|\bnew (?:WebSocket|EventSource|XMLHttpRequest)\b/,
  },
]

/** Modules of Node that open sockets. */
export const socketModules: readonly string[] = ['dgram', 'dns', 'http', 'http2', 'https', 'net', 'tls'].flatMap(
  (name) => [name, `node:${name}`, `node:${name}/promises`],
)

/** What a source contains of what is banned, with the line where it first stands. */
export function found(source: string, bans: readonly Ban[]): readonly string[] {
  const code = codeOnly(source)
  return bans.flatMap(({ what, pattern }) => {
    const at = code.search(pattern)
    return at < 0 ? [] : [`line ${code.slice(0, at).split('\n').length}: ${what}`]
  })
}

/** Source files: words in lower case joined by hyphens, then what kind of file it is. */
export const fileName = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|testing))?\.tsx?$/

/** Marks of unfinished work, written so that this file does not contain them. */
export const unfinished = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)

/** A test that switches off others, or itself, for good; `skipIf` says when. */
export const switchedOff = /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b/

/** Absolute paths that exist on one machine only. */
export const machinePath = new RegExp(`(?<![\\w.~-])/(?:${['work', 'home', 'root', 'Users'].join('|')})/\\w`)

/** Hosts of package registries; an address in the lock file or in a document would tie the repository to one. */
export const registryHost = /\bregistry\.[a-z]+\.(?:org|com)\b|\bnpm\.pkg\.\w+|\bproxy\.golang\.org\b/
