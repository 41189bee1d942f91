import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asPrefix,
  cIdentifier,
  cidr,
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  ipAddress,
  labelValue,
  pathSegment,
  portName,
  portNumber,
  qualifiedName,
  unixId,
  wildcardDns1123Subdomain,
} from './names.ts';

const checks = {
  cIdentifier,
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  cidr,
  ipAddress,
  labelValue,
  pathSegment,
  portName,
  qualifiedName,
  wildcardDns1123Subdomain,
};

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueFault =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const key =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const variable = "a valid environment variable name must consist only of printable ASCII characters other than '='";

const cases: [check: keyof typeof checks, value: string, faults: string[]][] = [
  ['dns1123Label', 'a-1', []],
  ['dns1123Label', 'a'.repeat(63), []],
  ['dns1123Label', 'a'.repeat(64), ['must be no more than 63 bytes']],
  ['dns1123Label', '', [label]],
  ['dns1123Label', 'A', [label]],
  ['dns1123Label', '-a', [label]],
  ['dns1123Label', 'a.b', [label]],
  ['dns1123Subdomain', 'a.b-c.d', []],
  ['dns1123Subdomain', 'a..b', [subdomain]],
  ['dns1123Subdomain', 'a_b', [subdomain]],
  ['dns1123Subdomain', 'a\n', [subdomain]],
  ['dns1123Subdomain', 'a'.repeat(254), ['must be no more than 253 bytes']],
  ['dns1035Label', 'web-1', []],
  ['dns1035Label', '1web', [label1035]],
  ['wildcardDns1123Subdomain', '*.example.com', []],
  ['qualifiedName', 'app', []],
  ['qualifiedName', 'example.com/App_1', []],
  ['qualifiedName', '', ['name part must be non-empty', namePart]],
  ['qualifiedName', '/x', ['prefix part must be non-empty']],
  ['qualifiedName', 'A/x', [`prefix part ${subdomain}`]],
  ['qualifiedName', 'x'.repeat(64), ['name part must be no more than 63 bytes']],
  [
    'qualifiedName',
    'a/b/c',
    [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ],
  ],
  ['labelValue', '', []],
  ['labelValue', 'a b', [labelValueFault]],
  ['labelValue', 'x'.repeat(64), ['must be no more than 63 bytes']],
  ['configMapKey', '.hidden', []],
  ['configMapKey', 'a/b', [key]],
  ['configMapKey', '', [key]],
  ['configMapKey', '.', ["must not be '.'"]],
  ['configMapKey', '..', ["must not be '..'"]],
  ['configMapKey', '..data', ["must not start with '..'"]],
  ['pathSegment', 'system:node', []],
  ['pathSegment', '..', ["may not be '..'"]],
  ['pathSegment', 'a/b%', ["may not contain '/'", "may not contain '%'"]],
  ['cIdentifier', '_a1', []],
  [
    'cIdentifier',
    '1a',
    [
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
    ],
  ],
  ['envVarName', 'a b.c-1', []],
  ['envVarName', '', ['environment variable name must be non-empty']],
  ['envVarName', 'A=B', [variable]],
  ['envVarName', 'Ä', [variable]],
  ['portName', 'http-1', []],
  ['portName', 'a'.repeat(16), ['must be no more than 15 bytes']],
  ['portName', '80', ['must contain at least one letter (a-z)']],
  ['portName', 'a--b', ['must not contain consecutive hyphens']],
  ['portName', 'a-', ['must not begin or end with a hyphen']],
  [
    'portName',
    'A1',
    [
      'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'must contain at least one letter (a-z)',
    ],
  ],
  ['ipAddress', '10.0.0.1', []],
  ['ipAddress', '::', []],
  ['ipAddress', '2001:db8::ffff', []],
  ['ipAddress', '::ffff:10.0.0.1', []],
  ['ipAddress', '1:2:3:4:5:6:7:8', []],
  ['ipAddress', '1:2:3:4:5:6:7', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['ipAddress', '1::2::3', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['ipAddress', '10.0.0.01', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['cidr', '10.9.8.0/24', []],
  ['cidr', '10.9.8.7/0', []],
  ['cidr', '2001:db8::/128', []],
  ['cidr', '10.256.0.0/24', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['cidr', '10.9.8.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['cidr', '10.9.8.0/33', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['cidr', '10.9.8.0/08', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['cidr', '10.9.8.0/24/24', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['cidr', '2001:db8::/129', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['ipAddress', '10.0.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
];

it.each(cases)('%s of %j', (check, value, faults) => {
  expect(checks[check](value)).toEqual(faults);
});

describe('a prefix of a name', () => {
  it('may end with a dash, because characters follow it', () => {
    expect(asPrefix(dns1123Subdomain)('web-')).toEqual([]);
    expect(asPrefix(dns1123Subdomain)('-web')).toEqual([subdomain]);
    expect(dns1123Subdomain('web-')).toEqual([subdomain]);
  });
});

it('numbers of ports and users have their ranges', () => {
  expect(portNumber(65_535)).toEqual([]);
  expect(portNumber(0)).toEqual(['must be between 1 and 65535, inclusive']);
  expect(unixId(-1)).toEqual(['must be between 0 and 2147483647, inclusive']);
});

it('every DNS label is a subdomain, a qualified name and a label value', () => {
  const pattern = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  fc.assert(
    fc.property(pattern, (text) => {
      for (const check of [dns1123Label, dns1123Subdomain, qualifiedName, labelValue]) {
        expect(check(text)).toEqual([]);
      }
    }),
  );
});

it('a non-ASCII string is never a name', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => /[^\u0020-\u007e]/.test(value));
  fc.assert(
    fc.property(text, (value) => {
      for (const check of [dns1123Label, qualifiedName, labelValue, configMapKey, envVarName]) {
        expect(check(value).length).toBeGreaterThan(0);
      }
    }),
  );
});
