/** What is said of taking the whole record away, in each language. */

const english = {
  title: 'Take everything with you',
  lead: 'Both are made in this browser, from what stands above. Nobody is told.',
  file: 'Download for another system',
  fileWhat: 'One file (FHIR R4, JSON) that other health software reads: every entry as its place keeps it.',
  print: 'Print, or save as PDF',
  printWhat:
    'To read, or to hand to somebody. Your browser’s print dialogue opens; “Save as PDF” is one of its printers.',
  careful: 'Whoever gets the file or the paper can read all of it.',
  printedTitle: 'My health record',
  printedAt: (when: string): string => `Put together on ${when} in the patient’s own browser`,
  born: (day: string): string => `born ${day}`,
  sources: 'Where it comes from',
  page: 'Synthetic chart. It may be incomplete: a place that nobody pointed out cannot be told from silence.',
  columns: { what: 'What', value: 'Value', when: 'When', state: 'State', where: 'Where' },
}

const spanish: typeof english = {
  title: 'Lléveselo todo',
  lead: 'Ambos se hacen en este navegador con lo que está arriba. No se avisa a nadie.',
  file: 'Descargar para otro sistema',
  fileWhat: 'Un archivo (FHIR R4, JSON) que lee otro software de salud: cada entrada como la guarda su lugar.',
  print: 'Imprimir o guardar como PDF',
  printWhat:
    'Para leerlo o dárselo a alguien. Se abre el diálogo de impresión de su navegador; «Guardar como PDF» es una de sus impresoras.',
  careful: 'Quien reciba el archivo o el papel puede leerlo todo.',
  printedTitle: 'Mi historial médico',
  printedAt: (when) => `Reunido el ${when} en el navegador del propio paciente`,
  born: (day) => `fecha de nacimiento: ${day}`,
  sources: 'De dónde viene',
  page: 'Historial sintético. Puede estar incompleto: un lugar que nadie señaló no se distingue del silencio.',
  columns: { what: 'Qué', value: 'Valor', when: 'Cuándo', state: 'Estado', where: 'Dónde' },
}

export const downloadWords = { en: english, es: spanish } as const
