import { Buffer } from 'node:buffer';

/** The texts of `Warning` headers of code 299, as Kubernetes sends them (RFC 9111 dropped the header, Kubernetes did not). Pure. */
export function warningTexts(header: string | readonly string[] | undefined): readonly string[] {
  const values = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  return values.flatMap((value) =>
    [...fromLatin1(value).matchAll(warning)].flatMap(([, code, text = '']) =>
      code === '299' ? [text.replaceAll(/\\(.)/gs, '$1')] : [],
    ),
  );
}

/** `299 - "text"`, `299 - "text" "date"`, with commas between several. */
const warning = /(\d{3}) [^ ]+ "((?:[^"\\]|\\.)*)"(?: "[^"]*")?/gs;

/** Header values are bytes that arrive as Latin-1; here they are UTF-8. */
function fromLatin1(value: string): string {
  return Buffer.from(value, 'latin1').toString();
}

/** The inverse of {@link fromLatin1}: encodes a text for a header. */
export function toLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
