#!/usr/bin/env node
// prisma-engine.js - the query engine that Prisma's Python client starts, by the engine's WebAssembly build
//
// The client fetches a binary that no package index has.  The same engine is in a package as WebAssembly,
// with another protocol: here GraphQL over HTTP goes in, as the binary takes it, and comes out again.
// $TOCSIN_PRISMA names the directory with the packages, $DATABASE_URL the database.
'use strict';
const fs = require('fs'), http = require('http'), path = require('path');
const {createRequire} = require('module');
const need = createRequire(path.join(process.env.TOCSIN_PRISMA, 'from.js'));
const args = process.argv.slice(2);
if (args.includes('--version')) { console.log('query-engine 393aa359c9ad4a4bb28630fb5613f9c281cde053'); process.exit(0); }
const port = Number(args[args.indexOf('-p') + 1] || args[args.indexOf('--port') + 1]);
const {Pool} = need('pg'), {PrismaPg} = need('@prisma/adapter-pg'), {bindAdapter} = need('@prisma/driver-adapter-utils');
const {parse} = need('graphql');
const runtime = path.join(path.dirname(need.resolve('@prisma/client/package.json')), 'runtime');
const bg = require(path.join(runtime, 'query_engine_bg.postgresql.js'));
const wasm = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(path.join(runtime, 'query_engine_bg.postgresql.wasm'))), {'./query_engine_bg.js': bg});
bg.__wbg_set_wasm(wasm.exports);
const actions = ['createOne', 'createMany', 'findUniqueOrThrow', 'findUnique', 'findFirstOrThrow', 'findFirst', 'findMany', 'updateOne', 'updateMany', 'upsertOne', 'deleteOne', 'deleteMany', 'aggregate', 'groupBy', 'queryRaw', 'executeRaw'];
function value(v) {
  switch (v.kind) {
  case 'IntValue': return Number.isSafeInteger(Number(v.value)) ? Number(v.value) : {$type: 'BigInt', value: v.value};
  case 'FloatValue': return Number(v.value);
  case 'NullValue': return null;
  case 'ListValue': return v.values.map(value);
  case 'ObjectValue': return Object.fromEntries(v.fields.map((f) => [f.name.value, value(f.value)]));
  default: return v.value;
  }
}
const fields = (list) => Object.fromEntries((list || []).map((a) => [a.name.value, value(a.value)]));
function selection(set) {
  const out = {};
  for (const f of set ? set.selections : [])
    out[f.name.value] = f.selectionSet || f.arguments.length ? {arguments: fields(f.arguments), selection: selection(f.selectionSet)} : true;
  return out;
}
// Texts that stand for documents, by the schema: this protocol wants to be told.
const documents = {};
for (const [, model, body] of fs.existsSync(process.env.PRISMA_DML_PATH || '') ? fs.readFileSync(process.env.PRISMA_DML_PATH, 'utf8').matchAll(/^model (\w+) \{([\s\S]*?)^\}/gm) : [])
  documents[model] = new Set([...body.matchAll(/^\s*(\w+)\s+Json\??(\[\])?/gm)].map((m) => m[1]));
function typed(v, names) {
  if (Array.isArray(v)) return v.map((x) => typed(x, names));
  if (!v || typeof v !== 'object' || '$type' in v) return v;
  const as = (x) => typeof x === 'string' ? {$type: 'Json', value: x} : Array.isArray(x) ? x.map(as)
    : x && typeof x === 'object' && !('$type' in x) ? Object.fromEntries(Object.entries(x).map(([k, y]) => [k, as(y)])) : x;
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, names.has(k) ? as(x) : typed(x, names)]));
}
function convert(text) {
  const field = parse(text).definitions[0].selectionSet.selections[0], name = field.name.value;
  const action = actions.find((a) => name.startsWith(a)), modelName = name.slice(action.length);
  const many = name.match(/^(findMany|createMany|updateMany|deleteMany)/);
  return {alias: (field.alias || field.name).value, name, many,
    query: {...(modelName ? {modelName} : {}), action, query: {arguments: typed(fields(field.arguments), documents[modelName] || new Set()), selection: selection(field.selectionSet)}}};
}
function plain(v) {
  if (Array.isArray(v)) return v.map(plain);
  if (!v || typeof v !== 'object') return v;
  if ('$type' in v) return v.$type === 'BigInt' ? Number(v.value) : v.value;
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]));
}
// In raw answers the columns of type json are documents, not texts.
function rows(r) {
  const cell = (x, type) => typeof x === 'string' && type === 'json' ? JSON.parse(x)
    : Array.isArray(x) && type === 'json-array' ? x.map((y) => cell(y, 'json')) : x;
  return r && r.rows ? {...r, rows: r.rows.map((row) => row.map((x, i) => cell(x, r.types[i])))} : r;
}
function answer(text, c) {
  const r = JSON.parse(text);
  if (!r.data) return r;
  const [only] = Object.values(r.data);
  return {data: {[c.alias]: c.query.action === 'queryRaw' ? rows(only) : plain(only)}};
}
async function main() {
  const adapter = bindAdapter(new PrismaPg(new Pool({connectionString: process.env.DATABASE_URL})));
  const engine = new bg.QueryEngine({datamodel: fs.readFileSync(process.env.PRISMA_DML_PATH, 'utf8'), logLevel: 'error', logQueries: false, env: process.env, ignoreEnvVarErrors: true}, () => {}, adapter);
  await engine.connect('{}');
  const trace = JSON.stringify({});
  const handle = async (req, body) => {
    if (req.url === '/status') return {status: 'ok'};
    const tx = req.url.match(/^\/transaction\/(start|([^/]+)\/(commit|rollback))/);
    if (tx && tx[1] === 'start') return JSON.parse(await engine.startTransaction(body || '{}', trace));
    if (tx) return JSON.parse(await (tx[3] === 'commit' ? engine.commitTransaction(tx[2], trace) : engine.rollbackTransaction(tx[2], trace)));
    const doc = JSON.parse(body), id = req.headers['x-transaction-id'];
    if (doc.batch) {
      const cs = doc.batch.map((q) => convert(q.query));
      const r = JSON.parse(await engine.query(JSON.stringify({batch: cs.map((c) => c.query), transaction: doc.transaction ? {} : undefined}), trace, id));
      return r.batchResult ? {batchResult: r.batchResult.map((x, i) => answer(JSON.stringify(x), cs[i]))} : r;
    }
    const c = convert(doc.query);
    return answer(await engine.query(JSON.stringify(c.query), trace, id), c);
  };
  http.createServer((req, res) => {
    const parts = [];
    req.on('data', (d) => parts.push(d)).on('end', async () => {
      let out, status = 200;
      const body = Buffer.concat(parts).toString();
      try { out = await handle(req, body); } catch (e) { status = 500; out = {errors: [{error: String(e && e.stack || e)}]}; }
            res.writeHead(status, {'Content-Type': 'application/json'}).end(JSON.stringify(out));
    });
  }).listen(port, '127.0.0.1');
}
main().catch((e) => { console.error(e); process.exit(1); });
