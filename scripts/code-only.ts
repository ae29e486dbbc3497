/**
 * TypeScript source with its comments and the contents of its literals blanked out, so that a search for `Date` finds
 * the clock and neither a sentence nor a field name. Offsets and line breaks stay. Not a parser: it knows comments,
 * quotes, templates with code in them, and regular expressions by what stands before them.
 */
export function codeOnly(source: string): string {
  return scan(source, { strings: true })
}

/** The same, with the contents of literals kept: for imports, whose specifiers are literals. */
export function withoutComments(source: string): string {
  return scan(source, { strings: false })
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** Each literal or comment whole, as one token, in the order in which they must be tried. */
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const quoted = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const regularExpression = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const templatePart = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y

/** After these a slash divides nothing: it begins a regular expression. */
const beforeExpression = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|of|in|do|else))\s*$/

function scan(source: string, { strings }: { readonly strings: boolean }): string {
  let code = ''
  let at = 0
  /** Depth of braces at which each open template literal's embedded code ends. */
  const templates: number[] = []
  let depth = 0

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const literal = (text: string): void => {
    code += strings && text.length > 1 ? text[0] + blank(text.slice(1, -1)) + text.at(-1) : text
    at += text.length
  }
  const template = (): void => {
    const text = match(templatePart) ?? ''
    code += strings ? blank(text) : text
    at += text.length
    if (source.startsWith('${', at)) {
      templates.push(depth++)
      code += '${'
      at += 2
    } else if (at < source.length) code += source[at++]
  }

  while (at < source.length) {
    const remark = match(comment)
    const text = remark === undefined ? match(quoted) : undefined
    if (remark !== undefined) {
      code += blank(remark)
      at += remark.length
    } else if (text !== undefined) literal(text)
    else if (source[at] === '/' && beforeExpression.test(code.slice(-40)) && match(regularExpression))
      literal(match(regularExpression) as string)
    else {
      const character = source[at++] as string
      code += character
      if (character === '`') template()
      else if (character === '{') depth++
      else if (character === '}' && --depth === templates.at(-1)) {
        templates.pop()
        template()
      }
    }
  }
  return code
}

/** Every module that a source names: `from '…'`, `import '…'`, `import('…')` and the ways to resolve one. */
export function importsOf(source: string): readonly string[] {
  const code = withoutComments(source)
  const found = [
    ...code.matchAll(/\bfrom '([^'\n]+)'(?=[ \t]*(?:with\b|;|$))/gm),
    ...code.matchAll(/^import '([^'\n]+)'/gm),
    ...code.matchAll(/\b(?:import|import\.meta\.resolve|require|require\.resolve)\(\s*'([^'\n]+)'/g),
  ]
  return [...new Set(found.map(([, specifier]) => specifier as string))].sort()
}
