const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const name = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const nameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const encoder = new TextEncoder();
const bytesOf = (text: string): number => (text.length < 22 ? text.length : encoder.encode(text).length);
const tooLong = (max: number): string => `must be no more than ${max} bytes`;

/** What is wrong with a label's key, in Kubernetes' words; empty if nothing is. */
export function labelKeyFaults(key: string): string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${nameRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const faults: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') faults.push('prefix part must be non-empty');
    else {
      if (bytesOf(prefix) > 253) faults.push(`prefix part ${tooLong(253)}`);
      if (!subdomain.test(prefix)) faults.push(`prefix part ${subdomainRule}`);
    }
  }
  const last = parts.at(-1) ?? '';
  if (last === '') faults.push('name part must be non-empty');
  else if (bytesOf(last) > 63) faults.push(`name part ${tooLong(63)}`);
  if (!name.test(last)) faults.push(`name part ${nameRule}`);
  return faults;
}

/** What is wrong with a label's value, in Kubernetes' words; empty if nothing is. */
export function labelValueFaults(value: string): string[] {
  const faults: string[] = [];
  if (bytesOf(value) > 63) faults.push(tooLong(63));
  if (value !== '' && !name.test(value)) faults.push(valueRule);
  return faults;
}
