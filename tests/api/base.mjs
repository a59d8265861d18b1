// The data directory of a company of its own for each test, made once and copied: most of what making one costs is
// hashing its people's passwords, some eight seconds. Kept beside the program that makes it, by what went into it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function run(command, args, what) {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${what}: ${(done.stderr ?? String(done.error)).trim()}`);
}

// Owners and modes are part of what is copied: started as root, each role has its own.
const copy = (from, to) => run('cp', ['-aT', '--reflink=auto', from, to], 'the test company was not copied');

const digest = (...parts) => parts.reduce((h, p) => h.update(p).update('\0'), createHash('sha256')).digest('hex').slice(0, 24);

// The text of every definition, whichever folder they are in.
const definitions = (dir) => readdirSync(dir).sort().flatMap((name) => [name, readFileSync(join(dir, name))]);

// Made where any user may pass (a checkout need not be such a place), then put into the store in one step: two that make
// the same at once do no harm.
function make(program, args, base) {
  const dir = mkdtempSync(join(tmpdir(), 'kedun-base-'));
  const coming = `${base}.${process.pid}`;
  try {
    chmodSync(dir, 0o711);
    run(program, [args.company, '--data', join(dir, 'data'), ...args.set], 'the test company was not made');
    copy(join(dir, 'data'), coming);
    renameSync(coming, base);
  } catch (e) {
    if (!existsSync(base)) throw e;
  } finally {
    for (const left of [dir, coming]) rmSync(left, { recursive: true, force: true });
  }
}

// What a program that is no more has made; another test may be at it too.
function forget(dir) {
  try {
    rmSync(dir, { recursive: true, force: true });
  } catch (e) {
    if (!['ENOTEMPTY', 'ENOENT'].includes(e.code)) throw e;
  }
}

// Puts the company into `data`. program: tests/api/bootstrap; store: a folder for what is kept, of this program only;
// args: {company: its file, objects: the definitions' folder, set: settings as for the command line}.
export function putCompany(program, store, args, data) {
  const kept = join(store, digest(readFileSync(program)));
  const paths = /^(objects|policies)_dir=/; // what stands there counts, not where it is
  const base = join(kept, digest(readFileSync(args.company), ...definitions(args.objects), ...args.set.filter((s) => !paths.test(s))));
  if (!existsSync(base)) {
    mkdirSync(kept, { recursive: true });
    for (const other of readdirSync(store).map((name) => join(store, name))) if (other !== kept) forget(other);
    make(program, args, base);
  }
  copy(base, data);
}
