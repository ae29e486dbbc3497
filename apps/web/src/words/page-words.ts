/** What is said about where the pages come from, in each language. */
import type { PageRefusal } from '../worker/standing.ts'

type Reasons = Readonly<Record<PageRefusal['type'], string>>

const englishReasons: Reasons = {
  'another-member': 'Another member than before wants to serve the pages at this address.',
  'another-network':
    'Another network answers at this address than the one whose pages you have. That is as it should be only if you started a new one.',
  'file-differs': 'A file that the node sent is not the one that it committed to on the ledger. It was not run.',
  'manifest-malformed': 'The list of files that the node sent cannot be read.',
  'manifest-not-committed': 'The node offers pages that it has not committed to on the ledger.',
  'no-proof': 'The node has not shown yet that these pages are on the ledger.',
  'proof-does-not-hold': 'What should show that these pages are on the ledger does not hold.',
  unreachable: 'The node does not answer.',
}

const english = {
  title: 'Where these pages come from',
  accepted: (member: string, height: number, files: number): string =>
    `These pages are the ones that ${member} committed in block ${height}: all ${files} files were checked here. The first load was trusted.`,
  newer: 'Newer pages were checked and are ready.',
  reload: 'Load them',
  refusedTitle: 'These pages are refused',
  refusedHere: 'These are not the pages on the ledger',
  refusedHereLead: 'Type nothing here. Whoever served this page may have changed it.',
  refusedKept: 'The node offers other pages: refused',
  refusedKeptWhat: 'You go on with those that were accepted before.',
  reasons: englishReasons,
  keptFrom: (member: string, height: number): string =>
    `Accepted at this address are the pages that ${member} committed in block ${height}.`,
  beginAnew:
    'To begin anew with what this node gives, remove this site’s data in your browser. That is a first load, and is trusted again.',
  beginAnewGo: 'Begin anew with this network',
  offlineTitle: 'Offline',
  offlineSays: 'The node does not answer, and not all of the pages are kept in this browser.',
  again: 'Try again',
}

const spanishReasons: Reasons = {
  'another-member': 'Otro miembro que antes quiere servir las páginas en esta dirección.',
  'another-network':
    'En esta dirección responde otra red que la de las páginas que usted tiene. Está bien solo si usted inició una nueva.',
  'file-differs': 'Un archivo que envió el nodo no es el que fijó en el registro. No se ejecutó.',
  'manifest-malformed': 'La lista de archivos que envió el nodo no se puede leer.',
  'manifest-not-committed': 'El nodo ofrece páginas que no ha fijado en el registro.',
  'no-proof': 'El nodo aún no ha mostrado que estas páginas están en el registro.',
  'proof-does-not-hold': 'Lo que debería mostrar que estas páginas están en el registro no se sostiene.',
  unreachable: 'El nodo no responde.',
}

const spanish: typeof english = {
  title: 'De dónde vienen estas páginas',
  accepted: (member, height, files) =>
    `Estas páginas son las que ${member} fijó en el bloque ${height}: aquí se comprobaron los ${files} archivos. La primera carga fue de confianza.`,
  newer: 'Hay páginas más nuevas, ya comprobadas.',
  reload: 'Cargarlas',
  refusedTitle: 'Estas páginas se rechazan',
  refusedHere: 'Estas no son las páginas del registro',
  refusedHereLead: 'No escriba nada aquí. Quien sirvió esta página pudo cambiarla.',
  refusedKept: 'El nodo ofrece otras páginas: rechazadas',
  refusedKeptWhat: 'Usted sigue con las que se aceptaron antes.',
  reasons: spanishReasons,
  keptFrom: (member, height) =>
    `En esta dirección están aceptadas las páginas que ${member} fijó en el bloque ${height}.`,
  beginAnew:
    'Para empezar de nuevo con lo que da este nodo, borre los datos de este sitio en su navegador. Es una primera carga, y otra vez es de confianza.',
  beginAnewGo: 'Empezar de nuevo con esta red',
  offlineTitle: 'Sin conexión',
  offlineSays: 'El nodo no responde, y no todas las páginas están guardadas en este navegador.',
  again: 'Intentar de nuevo',
}

export const pageWords = { en: english, es: spanish } as const
