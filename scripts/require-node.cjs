// Plexus runs TypeScript natively, which Node does from version 24 on. This file is plain CommonJS so that
// an older Node can read it and say so, instead of failing on the first type annotation.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `Plexus needs Node 24 or newer; this is ${process.version} (${process.execPath}).\n` +
      'On Linux x64 `npm ci` brings its own Node: run the npm scripts (`npm start`, `npm test`) rather than the files.\n' +
      'Elsewhere install Node 24 LTS and run `npm ci` again.',
  )
  process.exit(1)
}
