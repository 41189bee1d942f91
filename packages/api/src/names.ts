/**
 * The grammars of names, keys and values, with Kubernetes' messages to the letter (`apimachinery/pkg/util/validation`,
 * "Object Names and IDs", "Labels and Selectors"). Every check returns what is wrong: an empty list means valid.
 */
export type NameCheck = (value: string) => readonly string[];

const none: readonly string[] = [];

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueText = `(${qualified})?`;
const configMapKeyText = '[-._a-zA-Z0-9]+';
const cIdentifierText = '[A-Za-z_][A-Za-z0-9_]*';
const httpHeaderText = '[-A-Za-z0-9]+';

const isLabel1123 = whole(label1123);
const isSubdomain1123 = whole(subdomain1123);
const isLabel1035 = whole(label1035);
const isQualified = whole(qualified);
const isConfigMapKey = whole(configMapKeyText);
const isCIdentifier = whole(cIdentifierText);
const isHttpHeader = whole(httpHeaderText);

const label1123Message = regexMessage(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label1123,
  'my-name',
  '123-abc',
);
const subdomainMessage = regexMessage(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain1123,
  'example.com',
);
const wildcardMessage = regexMessage(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  `\\*\\.${subdomain1123}`,
  '*.example.com',
);
const label1035Message = regexMessage(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035,
  'my-name',
  'abc-123',
);
const qualifiedMessage = regexMessage(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualified,
  'MyName',
  'my.name',
  '123-abc',
);
const labelValueMessage = regexMessage(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValueText,
  'MyValue',
  'my_value',
  '12345',
);
const configMapKeyMessage = regexMessage(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  configMapKeyText,
  'key.name',
  'KEY_NAME',
  'key-name',
);
const cIdentifierMessage = regexMessage(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  cIdentifierText,
  'my_name',
  'MY_NAME',
  'MyName',
);
const httpHeaderMessage = regexMessage(
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  httpHeaderText,
  'X-Header-Name',
);

/** A DNS label, at most 63 bytes: namespaces, containers, volumes. */
export const dns1123Label: NameCheck = (value) =>
  value.length <= 63 && isLabel1123(value) ? none : faults(tooLong(value, 63), !isLabel1123(value) && label1123Message);

/** Dot-separated DNS labels, at most 253 bytes: the names of most objects. */
export const dns1123Subdomain: NameCheck = (value) =>
  value.length <= 253 && isSubdomain1123(value)
    ? none
    : faults(tooLong(value, 253), !isSubdomain1123(value) && subdomainMessage);

/** `*.` and a DNS subdomain: hosts of an Ingress. */
export const wildcardDns1123Subdomain: NameCheck = (value) =>
  faults(tooLong(value, 253), !(value.startsWith('*.') && isSubdomain1123(value.slice(2))) && wildcardMessage);

/** A DNS label that begins with a letter, at most 63 bytes: Services. */
export const dns1035Label: NameCheck = (value) =>
  value.length <= 63 && isLabel1035(value) ? none : faults(tooLong(value, 63), !isLabel1035(value) && label1035Message);

/** An optional DNS subdomain and `/`, then a name of at most 63 bytes: keys of labels, annotations and resources, finalizers. */
export const qualifiedName: NameCheck = (value) => {
  const slash = value.indexOf('/');
  if (slash < 0) return namePart(value);
  if (value.indexOf('/', slash + 1) >= 0) {
    return [
      `a qualified name ${qualifiedMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const prefix = value.slice(0, slash);
  const prefixFaults =
    prefix === '' ? ['prefix part must be non-empty'] : dns1123Subdomain(prefix).map((fault) => `prefix part ${fault}`);
  const nameFaults = namePart(value.slice(slash + 1));
  return prefixFaults.length === 0 ? nameFaults : [...prefixFaults, ...nameFaults];
};

function namePart(name: string): readonly string[] {
  if (name.length <= 63 && isQualified(name)) return none;
  if (name === '') return ['name part must be non-empty', `name part ${qualifiedMessage}`];
  const long = tooLong(name, 63);
  return faults(long !== false && `name part ${long}`, !isQualified(name) && `name part ${qualifiedMessage}`);
}

/** A label's value: empty, or like the name part of a {@link qualifiedName}. */
export const labelValue: NameCheck = (value) =>
  value === '' || (value.length <= 63 && isQualified(value))
    ? none
    : faults(tooLong(value, 63), !isQualified(value) && labelValueMessage);

/** A key of a ConfigMap or Secret: it can be a file's name, at most 253 bytes. */
export const configMapKey: NameCheck = (value) =>
  faults(
    tooLong(value, 253),
    !isConfigMapKey(value) && configMapKeyMessage,
    value === '.' && "must not be '.'",
    value === '..' ? "must not be '..'" : value.startsWith('..') && "must not start with '..'",
  );

/** One segment of a URL's path: roles and bindings. */
export const pathSegment: NameCheck = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return faults(value.includes('/') && "may not contain '/'", value.includes('%') && "may not contain '%'");
};

/** `[A-Za-z_][A-Za-z0-9_]*`. */
export const cIdentifier: NameCheck = (value) => (isCIdentifier(value) ? none : [cIdentifierMessage]);

/** An environment variable's name: printable ASCII without `=` (KEP-4369, relaxed environment variable validation). */
export const envVarName: NameCheck = (value) => {
  if (value === '') return ['environment variable name must be non-empty'];
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x3d) {
      return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
    }
  }
  return none;
};

/** An IANA service name, at most 15 bytes: ports of containers. */
export const portName: NameCheck = (value) =>
  faults(
    tooLong(value, 15),
    !/^[-a-z0-9]+$/.test(value) && 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    !/[a-z]/.test(value) && 'must contain at least one letter (a-z)',
    value.includes('--') && 'must not contain consecutive hyphens',
    (value.startsWith('-') || value.endsWith('-')) && 'must not begin or end with a hyphen',
  );

/** A header's name in `httpGet`. */
export const httpHeaderName: NameCheck = (value) => (isHttpHeader(value) ? none : [httpHeaderMessage]);

/** A port number. */
export function portNumber(value: number): readonly string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65_535 ? none : [inclusiveRange(1, 65_535)];
}

/** A user or group id. */
export function unixId(value: number): readonly string[] {
  return value >= 0 && value <= 2_147_483_647 ? none : [inclusiveRange(0, 2_147_483_647)];
}

/** An IPv4 or IPv6 address. */
export const ipAddress: NameCheck = (value) =>
  isIpv4(value) || isIpv6(value) ? none : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];

/** A range of IPv4 or IPv6 addresses in CIDR notation. */
export const cidr: NameCheck = (value) => {
  const [address = '', length = '', ...rest] = value.split('/');
  const bits = isIpv4(address) ? 32 : isIpv6(address) ? 128 : -1;
  return rest.length === 0 && /^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bits
    ? none
    : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
};

/** `must be between LOW and HIGH, inclusive`. */
export function inclusiveRange(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/**
 * Turns a check of names into one of name prefixes (`generateName`): a dash at the end is allowed, because characters
 * follow it.
 */
export function asPrefix(check: NameCheck): NameCheck {
  return (value) => check(value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value);
}

export function isIpv4(value: string): boolean {
  const parts = value.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isIpv6(value: string): boolean {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(value)) return false;
  const gap = value.indexOf('::');
  if (gap >= 0 && value.indexOf('::', gap + 1) >= 0) return false;
  const head = gap < 0 ? value : value.slice(0, gap);
  const tail = gap < 0 ? '' : value.slice(gap + 2);
  const groups = [...groupsOf(head, gap < 0 || tail === ''), ...groupsOf(tail, true)];
  if (groups.some((width) => width === 0)) return false;
  const total = groups.reduce((sum, width) => sum + width, 0);
  return gap < 0 ? total === 8 : total <= 7;
}

/** Widths, in 16-bit groups, of the parts of an address; 0 for a part that is none. IPv4 may only come last. */
function groupsOf(text: string, isEnd: boolean): number[] {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.map((part, i) => {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) return 1;
    return isEnd && i === parts.length - 1 && isIpv4(part) ? 2 : 0;
  });
}

function whole(pattern: string): (value: string) => boolean {
  const regex = new RegExp(`^(?:${pattern})$`);
  // No rule allows more than 253 bytes: much longer texts are not worth matching.
  return (value) => value.length <= 1024 && regex.test(value);
}

function regexMessage(message: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

function tooLong(value: string, max: number): string | false {
  // UTF-8 has at least as many bytes as UTF-16 has units, and what is valid is ASCII.
  return value.length > max && `must be no more than ${max} bytes`;
}

function faults(...found: (string | false)[]): readonly string[] {
  return found.filter((fault) => fault !== false);
}
