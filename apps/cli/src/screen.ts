/** What commands print: for people, or one JSON object a line on standard output and nothing else there. */

export interface Screen {
  /** For people; nothing with `--json`. */
  say(line: string): void
  /** With `--json`, one line; for people nothing. */
  give(value: object): void
}

/** A command that did not succeed: what happened, and what to do about it. The exit code is 1. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string
  readonly advice: string

  constructor(code: string, what: string, advice: string) {
    super(what)
    this.code = code
    this.advice = advice
  }
}

export function screenOf(json: boolean, write: (line: string) => void): Screen {
  return {
    say: (line) => {
      if (!json) write(`${line}\n`)
    },
    give: (value) => {
      if (json) write(`${JSON.stringify(value)}\n`)
    },
  }
}

/** Text that came from a chart or another node, without what a terminal would obey: controls, and marks that turn reading round. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** Seconds since 1970 as people read them, in UTC. */
export function when(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
