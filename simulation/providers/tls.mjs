// A CA, a certificate by it for localhost, and one that no client may accept; the server that presents them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import net from 'node:net';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function certificates(folder) {
  const at = (name) => `${folder}/${name}`;
  const openssl = (...rest) => execFileSync('openssl', rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const signed = (name, subject, ca) => {
    writeFileSync(at(`${name}.ext`), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
    openssl('req', ...KEY, '-subj', `/CN=${subject}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
    const by = ['-CA', at(`${ca}.pem`), '-CAkey', at(`${ca}.key`), '-CAcreateserial'];
    openssl('x509', '-req', '-in', at(`${name}.csr`), ...by, '-days', '2', '-out', at(`${name}.pem`), '-extfile', at(`${name}.ext`));
    return { key: readFileSync(at(`${name}.key`)), cert: readFileSync(at(`${name}.pem`)) };
  };
  for (const name of ['ca', 'other-ca']) {
    openssl('req', '-x509', ...KEY, '-days', '2', '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`));
  }
  return { ca: at('ca.pem'), right: signed('server', 'localhost', 'ca'), wrong: signed('wrong', 'localhost', 'other-ca') };
}

// The port. Each connection meets the next fault of a connection before its handshake.
export async function listen({ right, wrong }, faults, handler) {
  const servers = { right: createServer(right, handler), wrong: createServer(wrong, handler) };
  for (const server of Object.values(servers)) server.on('tlsClientError', () => {});
  const front = net.createServer((socket) => {
    socket.on('error', () => {});
    const fault = faults.take('connection');
    if (fault?.kind === 'half_open') return faults.hold(socket);
    if (fault?.kind === 'closed') return socket.destroy();
    servers[fault?.kind === 'wrong_certificate' ? 'wrong' : 'right'].emit('connection', socket);
  });
  await new Promise((done) => front.listen(0, '127.0.0.1', done));
  return front.address().port;
}
