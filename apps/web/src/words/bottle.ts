/** What the second story says. */
import type { BottleAct, BottleFacts } from '../node/desk.ts'

export const englishBottle = {
  title: 'The bottle’s story',
  steps: {
    make: 'Make and ship',
    prescribe: 'Prescribe',
    nominate: 'Choose a pharmacy',
    fill: 'Fill',
    counterfeit: 'Counterfeit refused',
    recall: 'Recall',
  },
  acts: {
    make: 'The maker ships a bottle',
    prescribe: 'The clinician prescribes',
    fill: 'The pharmacy hands it out',
    counterfeit: 'Show its label elsewhere',
    recall: 'The maker recalls it',
  },
  told: {
    make: ({ units }) =>
      `${units} bottles were made, shipped sealed to a wholesaler, and half of them sold to a pharmacy. Only the maker’s trace key shows where each is.`,
    prescribe: ({ quantity, prescribersNamed }) =>
      `${quantity} tablets were prescribed to your wallet. The ledger has a handle, limits and a commitment; ${prescribersNamed} prescribers could have signed.`,
    fill: ({ quantity, of }) =>
      `The pharmacy claimed it; another that tried could not. ${quantity} of ${of} tablets were filled in the same transaction that ends their bottle.`,
    counterfeit: () =>
      'Another pharmacy was shown the same label and learnt that its bottle is dispensed. Everybody who had it knows of the copy.',
    recall: ({ holders }) =>
      `One entry recalled the lot; ${holders} holders answered, and your pharmacy told your wallet.`,
  } satisfies Readonly<Record<BottleAct, (facts: BottleFacts) => string>>,
  begin: 'One bottle, from its maker to your hand. You are the patient; everybody else is played for you.',
  waits: 'On its way to your wallet …',
  nominate: (who: string): string => `Now you, under Medicines: choose ${who}, where the bottle stands.`,
  height: (height: number): string => `The ledger stands at block ${height}.`,
  end: 'Under Medicines you see what reached you; the ledger page shows what everybody else could see.',
}

export const spanishBottle: typeof englishBottle = {
  title: 'La historia del frasco',
  steps: {
    make: 'Fabricar y enviar',
    prescribe: 'Recetar',
    nominate: 'Elegir farmacia',
    fill: 'Dispensar',
    counterfeit: 'Falsificación rechazada',
    recall: 'Retirada',
  },
  acts: {
    make: 'El fabricante envía un frasco',
    prescribe: 'El médico receta',
    fill: 'La farmacia lo entrega',
    counterfeit: 'Mostrar su etiqueta en otro lugar',
    recall: 'El fabricante lo retira',
  },
  told: {
    make: ({ units }) =>
      `Se fabricaron ${units} frascos, se enviaron sellados a un mayorista y la mitad se vendió a una farmacia. Solo la clave del fabricante muestra dónde está cada uno.`,
    prescribe: ({ quantity, prescribersNamed }) =>
      `Se recetaron ${quantity} comprimidos a su cartera. El registro tiene un identificador, límites y un compromiso; pudieron firmar ${prescribersNamed} médicos.`,
    fill: ({ quantity, of }) =>
      `La farmacia la reclamó; otra lo intentó y no pudo. Se dispensaron ${quantity} de ${of} comprimidos en la misma transacción que da por terminado el frasco.`,
    counterfeit: () =>
      'A otra farmacia le mostraron la misma etiqueta y supo que ese frasco ya se dispensó. Todos los que lo tuvieron saben de la copia.',
    recall: ({ holders }) =>
      `Una entrada retiró el lote; respondieron ${holders} poseedores y su farmacia avisó a su cartera.`,
  },
  begin: 'Un frasco, del fabricante a su mano. Usted es el paciente; los demás actúan solos.',
  waits: 'De camino a su cartera …',
  nominate: (who) => `Ahora usted, en Recetas: elija ${who}, donde está el frasco.`,
  height: (height) => `El registro está en el bloque ${height}.`,
  end: 'En Recetas ve lo que le llegó; la página del registro muestra lo que los demás pudieron ver.',
}
