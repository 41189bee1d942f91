import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Clock, createSeededRandom, createSimulation } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { apiServerNames, createCertificateAuthority, loadCertificateAuthority } from './authority.ts';
import { derSignature, fromPem, toPem } from './keys.ts';
import { kubeconfig } from './kubeconfig.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const options = () => ({
  clock: { ...createSimulation().environment.clock, now: () => now } as Clock,
  random: createSeededRandom(1),
});
const read = (pem: string) => new X509Certificate(pem);

describe('the authority', () => {
  it('signs itself, and may sign others', async () => {
    const { authority } = await createCertificateAuthority(options());
    const certificate = read(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.subject).toBe('CN=kubernetes');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(authority.key))).toBe(true);
  });

  it('is valid for a year from five minutes ago, by the injected clock', async () => {
    const { authority } = await createCertificateAuthority(options());
    const { validFromDate, validToDate } = read(authority.certificate);
    expect(validFromDate.toISOString()).toBe('2026-03-01T11:55:00.000Z');
    expect(validToDate.toISOString()).toBe('2027-03-01T11:55:00.000Z');
  });

  it('draws serial numbers from the injected randomness', async () => {
    const serials = await Promise.all(
      [1, 2].map(async () => read((await createCertificateAuthority(options())).authority.certificate).serialNumber),
    );
    expect(serials[0]).toBe(serials[1]);
    expect(serials[0]).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('can be stored and restored', async () => {
    const first = await createCertificateAuthority(options());
    const second = await loadCertificateAuthority(options(), first.authority);
    const client = read((await second.client({ commonName: 'jane' })).certificate);
    expect(client.verify(read(first.authority.certificate).publicKey)).toBe(true);
    expect(client.checkIssued(read(first.authority.certificate))).toBe(true);
  });
});

describe('certificates', () => {
  it('of a client contain its user and groups', async () => {
    const authority = await createCertificateAuthority(options());
    const { certificate, key } = await authority.client({ commonName: 'jane', organizations: ['a', 'b'] });
    expect(read(certificate).subject).toBe('O=a\nO=b\nCN=jane');
    expect(read(certificate).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(read(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(read(certificate).ca).toBe(false);
  });

  it('of the server contain every host and address', async () => {
    const authority = await createCertificateAuthority(options());
    const certificate = read((await authority.serving([...apiServerNames, 'extra.example', '::1'])).certificate);
    expect(certificate.subjectAltName).toBe(
      'DNS:localhost, DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:kubernetes.default.svc.cluster.local, IP Address:127.0.0.1, IP Address:10.96.0.1, DNS:extra.example, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc');
    expect(certificate.checkIP('10.96.0.1')).toBe('10.96.0.1');
  });
});

describe('keys', () => {
  it.each([
    ['small numbers lose their zeros', [0, 0, 1, 0, 2, 3], [0x30, 7, 2, 1, 1, 2, 2, 2, 3]],
    ['numbers with their top bit set stay positive', [0x80, 0x7f], [0x30, 7, 2, 2, 0, 0x80, 2, 1, 0x7f]],
    ['zero is one byte', [0, 0, 0, 1], [0x30, 6, 2, 1, 0, 2, 1, 1]],
  ])('a signature in DER: %s', (_rule, raw, expected) => {
    expect([...derSignature(Uint8Array.from(raw))]).toEqual(expected);
  });

  it('survive a round trip through PEM', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
    expect(fromPem(toPem('X', bytes))).toEqual(bytes);
    expect(toPem('X', bytes).split('\n')[1]).toHaveLength(64);
  });
});

describe('kubeconfig', () => {
  it('connects to the cluster as its user', () => {
    const text = kubeconfig({
      server: 'https://127.0.0.1:6443',
      certificateAuthority: 'CA',
      client: { certificate: 'CERT', key: 'KEY' },
      namespace: 'dev',
    });
    expect(parse(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'orrery', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': btoa('CA') } },
      ],
      users: [
        {
          name: 'kubernetes-admin',
          user: { 'client-certificate-data': btoa('CERT'), 'client-key-data': btoa('KEY') },
        },
      ],
      contexts: [{ name: 'orrery', context: { cluster: 'orrery', user: 'kubernetes-admin', namespace: 'dev' } }],
      'current-context': 'orrery',
    });
  });
});
