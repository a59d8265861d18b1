// What slow and hostile clients do, for tests/api/hostile and `./do bench hostile`. Each takes {port, ca, from, cookie, csrf, count} and goes on
// until its `stop` is called; `from` is the loopback address that it comes from. Resolves to {stop, seen}: seen counts what came of it.
import { connect as plain } from 'node:net';
import https from 'node:https';
import { Duplex } from 'node:stream';
import { connect as secure } from 'node:tls';

const path = '/api/v1/records/customer';
const bump = (seen, what) => (seen[what] = (seen[what] ?? 0) + 1);
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

// Keeps `count` connections open: one that the server closes is made anew, `begin` says what it does.
function crowd({ port, ca, from = '127.0.0.1', count }, tls, begin) {
  const seen = {}, open = new Set();
  let stopped = false;
  const one = () => {
    if (stopped) return;
    const at = { host: '127.0.0.1', port, localAddress: from };
    const raw = plain(at);
    const s = tls ? secure({ socket: raw, ca, servername: 'localhost' }) : raw;
    s.reset = () => raw.resetAndDestroy();
    if (tls) raw.on('error', () => s.destroy());
    open.add(s);
    s.on(tls ? 'secureConnect' : 'connect', () => {
      bump(seen, 'open');
      begin(s);
    });
    s.on('data', () => bump(seen, 'answered'));
    s.on('error', (e) => bump(seen, e.code));
    s.on('close', () => {
      bump(seen, 'closed');
      open.delete(s);
      clearInterval(s.every);
      setTimeout(one, 200 + Math.random() * 300);
    });
  };
  for (let i = 0; i < count; i++) setTimeout(one, (i / count) * Math.min(2000, count));
  const stop = () => {
    stopped = true;
    for (const s of open) s.destroy();
  };
  return { stop, seen, open };
}

// The first bytes that a TLS client sends. A server answers them as often as they come, which costs it a millisecond and the sender nothing.
const hello = () => new Promise((done) => {
  const to = new Duplex({
    read() {},
    write(bytes, encoding, next) {
      done(bytes);
      next();
    },
  });
  secure({ socket: to, servername: 'localhost' }).on('error', () => {});
});

const head = (o, extra) => `POST ${path}/query HTTP/1.1\r\nHost: localhost\r\nCookie: ${o.cookie ?? ''}\r\nX-CSRF-Token: ${o.csrf ?? ''}\r\nContent-Type: application/json\r\n${extra}`;

// `inFlight` requests at a time, each as soon as the one before is answered.
function requests({ port, ca, from = '127.0.0.1', cookie, csrf, count: inFlight }, body) {
  const seen = {};
  let stopped = false;
  const agent = new https.Agent({ keepAlive: true, maxSockets: inFlight, ca, localAddress: from, servername: 'localhost' });
  const ask = () =>
    new Promise((done) => {
      const q = https.request({ host: '127.0.0.1', port, agent, method: 'POST', path: `${path}/query`,
        headers: { cookie: cookie ?? '', 'x-csrf-token': csrf ?? '', 'content-type': 'application/json', 'content-length': body.length } }, (a) => {
        bump(seen, a.statusCode);
        a.resume();
        a.on('end', () => done(a.statusCode));
        a.on('error', () => done(0));
      });
      q.on('error', (e) => {
        bump(seen, e.code);
        done(0);
      });
      q.end(body);
    });
  for (let i = 0; i < inFlight; i++)
    (async () => {
      while (!stopped) if ((await ask()) === 0) await pause(20);
    })();
  return {
    seen,
    stop() {
      stopped = true;
      agent.destroy();
    },
  };
}

const million = 1 << 20;
const pad = (text) => Buffer.from(text.padEnd(million - 1024, ' '));
const bodies = {
  huge: () => pad(JSON.stringify({ where: { field: 'name', op: 'eq', value: 'x'.repeat(million - 4096) } })),
  many: () => pad(`{${Array.from({ length: 60000 }, (_, i) => `"k${i}":${i}`).join()}}`),
  deep: () => Buffer.from('['.repeat(500000) + ']'.repeat(500000)),
  not_utf8: () => Buffer.concat([Buffer.from('{"search":"'), Buffer.alloc(900000, 0xff), Buffer.from('"}')]),
  filter: () => Buffer.from(JSON.stringify({ where: { field: 'grade', op: 'in', value: Array.from({ length: 100000 }, (_, i) => `${i}`) } })),
  leaves: () => Buffer.from(`{"where":{"or":[${Array.from({ length: 100000 }, () => '{}').join()}]}}`),
};

export const attacks = {
  idle: (o) => crowd(o, false, () => {}),
  idle_tls: (o) => crowd(o, true, () => {}),
  // Connections that say nothing for a while, then all at once begin with TLS, and so again and again.
  hellos: (o) => {
    const waiting = new Set();
    const c = crowd(o, false, (s) => waiting.add(s));
    const every = setInterval(async () => {
      const bytes = await hello();
      for (const s of waiting) s.write(bytes);
      waiting.clear();
    }, 2500);
    return { ...c, stop: () => (clearInterval(every), c.stop()) };
  },
  slow_headers: (o) => crowd(o, true, (s) => {
    s.write('GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n');
    s.every = setInterval(() => s.write(`X-A: ${Math.random()}\r\n`), 1000);
  }),
  slow_bodies: (o) => crowd(o, true, (s) => {
    s.write(head(o, 'Content-Length: 100000\r\n\r\n{'));
    s.every = setInterval(() => s.write(' '), 1000);
  }),
  resets: (o) => crowd(o, true, (s) => {
    s.write(head(o, 'Content-Length: 2\r\n\r\n{}'), () => s.reset());
  }),
  ...Object.fromEntries(Object.entries(bodies).map(([name, make]) => [name, (o) => requests(o, make())])),
};
export const bodyOf = (name) => bodies[name]();
