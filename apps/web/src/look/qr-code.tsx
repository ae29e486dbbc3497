import { encode } from 'uqr'

/** Dark on light in both themes, or cameras do not read it. */
export function QrCode({ text, says }: { readonly text: string; readonly says: string }) {
  const { data, size } = encode(text, { border: 0 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={says} shapeRendering="crispEdges">
      <path d={path} fill="#17211f" />
    </svg>
  )
}
