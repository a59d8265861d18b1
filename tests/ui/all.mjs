/* The browser suite in one process, so that one Chromium serves all of it: node all.mjs [FILE...] */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const asked = process.argv.slice(2);
const files = asked.length ? asked : readdirSync('.').filter((name) => name.endsWith('.test.mjs')).sort();
for (const file of files) await import(pathToFileURL(resolve(file)).href);
