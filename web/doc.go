// Package web holds the built web app of the team, for the server to hand out.
//
// The app is written in TypeScript under src and built by `npm ci && npm run build` into dist, with a .br and a .gz
// beside every text file. Names under dist/assets carry a hash and may be cached for ever; index.html and
// manifest.webmanifest may not. A binary with the app in it is built with the tag ui; without the tag, Files says
// that there is none, so that Go builds and tests need no Node.
//
// The package owns no tables and sends no signals.
package web
