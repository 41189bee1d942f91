import type { Clock, Random } from '@orrery/core';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { fromPem, type KeySource, type SigningKey, toPem, webCryptoKeys } from './keys.ts';

/** A certificate and its private key, both PEM: the shape of a `kubernetes.io/tls` Secret's data. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Options of a certificate authority. */
export interface AuthorityOptions {
  readonly clock: Clock;
  /** Draws serial numbers. */
  readonly random: Random;
  /** Default: {@link webCryptoKeys}. */
  readonly keys?: KeySource;
}

/** The subject of a client certificate: Kubernetes reads the user from the common name, the groups from the organizations. */
export interface ClientSubject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** The cluster's certificate authority (Kubernetes "PKI certificates and requirements"). Certificates are valid for one year. */
export interface CertificateAuthority {
  /** The authority's own certificate and key; store them to restore it with {@link loadCertificateAuthority}. */
  readonly authority: KeyPair;
  /** A serving certificate. Names that are IP addresses become address entries. */
  serving(names: readonly string[]): Promise<KeyPair>;
  /** A client certificate. */
  client(subject: ClientSubject): Promise<KeyPair>;
}

const yearMs = 365 * 24 * 3_600_000;
/** Certificates are backdated, so that a client whose clock is a little behind does not find them "not yet valid". */
const backdateMs = 5 * 60_000;

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/** Names and addresses of every cluster's API server, inside the cluster and on this machine. */
export const apiServerNames: readonly string[] = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '10.96.0.1',
];

/** Creates an authority with a new key. */
export async function createCertificateAuthority(options: AuthorityOptions): Promise<CertificateAuthority> {
  const key = await (options.keys ?? webCryptoKeys).generate();
  const subject = distinguishedName({ commonName: 'kubernetes' });
  const certificate = await issue(options, {
    subject,
    issuer: subject,
    publicKey: key.publicKey,
    signer: key,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
      extension(
        id_ce_keyUsage,
        new KeyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyCertSign),
        true,
      ),
    ],
  });
  return authorityOf(options, { certificate, key: key.privateKeyPem }, key);
}

/** Restores an authority, whose certificates clients may hold. */
export async function loadCertificateAuthority(
  options: AuthorityOptions,
  authority: KeyPair,
): Promise<CertificateAuthority> {
  return authorityOf(options, authority, await (options.keys ?? webCryptoKeys).load(authority.key));
}

function authorityOf(options: AuthorityOptions, authority: KeyPair, signer: SigningKey): CertificateAuthority {
  const issuer = AsnConvert.parse(fromPem(authority.certificate), Certificate).tbsCertificate.subject;
  async function leaf(subject: ClientSubject, purpose: string, names: readonly string[]): Promise<KeyPair> {
    const key = await (options.keys ?? webCryptoKeys).generate();
    const certificate = await issue(options, {
      subject: distinguishedName(subject),
      issuer,
      publicKey: key.publicKey,
      signer,
      extensions: [
        extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
        extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment), true),
        extension(id_ce_extKeyUsage, new ExtendedKeyUsage([purpose]), false),
        ...(names.length === 0
          ? []
          : [extension(id_ce_subjectAltName, new SubjectAlternativeName(names.map(generalName)), false)]),
      ],
    });
    return { certificate, key: key.privateKeyPem };
  }
  return {
    authority,
    serving: (names) => leaf({ commonName: 'kube-apiserver' }, oids.serverAuth, [...new Set(names)]),
    client: (subject) => leaf(subject, oids.clientAuth, []),
  };
}

interface CertificateRequest {
  readonly subject: Name;
  readonly issuer: Name;
  readonly publicKey: Uint8Array;
  readonly signer: SigningKey;
  readonly extensions: Extension[];
}

async function issue({ clock, random }: AuthorityOptions, request: CertificateRequest): Promise<string> {
  const [subjectKey, authorityKey] = await Promise.all([keyId(request.publicKey), keyId(request.signer.publicKey)]);
  const serialNumber = random.bytes(16);
  // A serial number is positive and has no leading zero.
  serialNumber[0] = ((serialNumber[0] ?? 0) & 0x7f) | 0x40;
  const notBefore = clock.now() - backdateMs;
  const algorithm = new AlgorithmIdentifier({ algorithm: oids.ecdsaWithSha256 });
  const content = new TBSCertificate({
    version: Version.v3,
    serialNumber: bufferOf(serialNumber),
    signature: algorithm,
    issuer: request.issuer,
    validity: new Validity({ notBefore: new Date(notBefore), notAfter: new Date(notBefore + yearMs) }),
    subject: request.subject,
    subjectPublicKeyInfo: AsnConvert.parse(request.publicKey, SubjectPublicKeyInfo),
    extensions: new Extensions([
      ...request.extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(subjectKey), false),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(authorityKey) }),
        false,
      ),
    ]),
  });
  const signature = await request.signer.sign(new Uint8Array(AsnConvert.serialize(content)));
  const certificate = new Certificate({
    tbsCertificate: content,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(signature),
  });
  return toPem('CERTIFICATE', new Uint8Array(AsnConvert.serialize(certificate)));
}

/** A key's identifier in certificates (RFC 7093, method 1): strict verifiers look up issuers by it. */
async function keyId(publicKey: Uint8Array): Promise<ArrayBuffer> {
  return (await crypto.subtle.digest('SHA-256', bufferOf(publicKey))).slice(0, 20);
}

function distinguishedName({ commonName, organizations = [] }: ClientSubject): Name {
  const part = (type: string, text: string) =>
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String: text }) }),
    ]);
  return new Name([
    ...organizations.map((organization) => part(oids.organization, organization)),
    part(oids.commonName, commonName),
  ]);
}

function generalName(name: string): GeneralName {
  return /^[\d.]+$/.test(name) || name.includes(':')
    ? new GeneralName({ iPAddress: name })
    : new GeneralName({ dNSName: name });
}

function extension(id: string, value: object, critical: boolean): Extension {
  return new Extension({ extnID: id, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
