/** One measurement over time, as a line: a glance, with its numbers beside it in words. */

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly value: number
}

const width = 132
const height = 34
const margin = 4

export function Trend({ points, says }: { readonly points: readonly Point[]; readonly says: string }) {
  const first = points[0]
  const last = points.at(-1)
  if (!first || !last || points.length < 2) return null
  const values = points.map(({ value }) => value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const across = (at: number) => margin + ((at - first.at) / Math.max(1, last.at - first.at)) * (width - 2 * margin)
  const up = (value: number) => height - margin - ((value - low) / (high - low || 1)) * (height - 2 * margin)
  const path = points.map(({ at, value }) => `${across(at).toFixed(1)},${up(value).toFixed(1)}`).join(' ')
  return (
    <svg
      className="trend"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={says}
    >
      <polyline points={path} fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" />
      <circle cx={across(last.at)} cy={up(last.value)} r="3.5" fill="currentColor" />
    </svg>
  )
}
