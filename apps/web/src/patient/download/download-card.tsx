/** Everything, to take away: one file for other systems, and pages for people through the browser's print dialogue. */
import './download.css'
import { Button } from '@mantine/core'
import type { AssembledRecord } from '@plexus/assembly'
import { IconFileDownload, IconPrinter } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { createPortal } from 'react-dom'
import type { ChartSource } from '../../wallet/own-record.ts'
import { downloadWords } from '../../words/download-words.ts'
import { useSpoken } from '../../words/use-words.tsx'
import { chartBundle } from './chart-bundle.ts'
import { PrintedRecord } from './printed-record.tsx'

export function DownloadCard({
  charts,
  record,
}: {
  readonly charts: readonly ChartSource[]
  readonly record: AssembledRecord
}) {
  const { language } = useSpoken()
  const words = downloadWords[language]
  const [printing, setPrinting] = useState(false)
  useEffect(() => {
    if (!printing) return
    // Of a record with thousands of lines the pages stand in the document for as long as the dialogue is open.
    const done = (): void => setPrinting(false)
    window.addEventListener('afterprint', done)
    window.print()
    return () => window.removeEventListener('afterprint', done)
  }, [printing])
  return (
    <section className="card stack" aria-labelledby="download">
      <div className="stack stack-tight">
        <h2 id="download">{words.title}</h2>
        <p className="lead">{words.lead}</p>
      </div>
      <ul className="downloads">
        <li>
          <Button
            variant="default"
            leftSection={<IconFileDownload size={20} aria-hidden />}
            onClick={() => save(chartBundle(charts, new Date().toISOString()))}
          >
            {words.file}
          </Button>
          <span className="small">{words.fileWhat}</span>
        </li>
        <li>
          <Button
            variant="default"
            leftSection={<IconPrinter size={20} aria-hidden />}
            onClick={() => setPrinting(true)}
          >
            {words.print}
          </Button>
          <span className="small">{words.printWhat}</span>
        </li>
      </ul>
      <p className="small">{words.careful}</p>
      {printing && createPortal(<PrintedRecord charts={charts} record={record} />, document.body)}
    </section>
  )
}

function save(bytes: Uint8Array): void {
  const address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: 'application/fhir+json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = 'my-record.fhir.json'
  link.click()
  // The browser has taken hold of the file by the next turn.
  setTimeout(() => URL.revokeObjectURL(address))
}
