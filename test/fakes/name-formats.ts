// The formats of names, labels and keys, with the API server's complaints (k8s.io/apimachinery validation).

const labelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const labelKeyFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

function examplesError(message: string, format: string, examples: readonly string[]): string {
  const shown = examples.map((example, i) => (i === 0 ? `'${example}'` : ` or '${example}'`)).join(', ');
  return `${message} (e.g. ${shown}, regex used for validation is '${format}')`;
}

function tooLong(limit: number): string {
  return `must be no more than ${limit} bytes`;
}

export function subdomainErrors(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 253) errors.push('must be no more than 253 characters');
  if (!new RegExp(`^${subdomainFormat}$`).test(value)) {
    errors.push(
      examplesError(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        subdomainFormat,
        ['example.com'],
      ),
    );
  }
  return errors;
}

export function dnsLabelErrors(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 63) errors.push(tooLong(63));
  if (!new RegExp(`^${labelFormat}$`).test(value)) {
    const isSubdomain = new RegExp(`^${subdomainFormat}$`).test(value);
    errors.push(
      isSubdomain
        ? 'must not contain dots'
        : examplesError(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            labelFormat,
            ['my-name', '123-abc'],
          ),
    );
  }
  return errors;
}

/** Label and annotation keys: an optional DNS prefix and a name. */
export function labelKeyErrors(value: string): string[] {
  const complaint =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const format = examplesError(complaint, labelKeyFormat, ['MyName', 'my.name', '123-abc']);
  const parts = value.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${format} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const errors: string[] = [];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') errors.push('prefix part must be non-empty');
  else if (prefix !== undefined) errors.push(...subdomainErrors(prefix).map((error) => `prefix part ${error}`));
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > 63) errors.push(`name part ${tooLong(63)}`);
  if (!new RegExp(`^${labelKeyFormat}$`).test(name)) errors.push(`name part ${format}`);
  return errors;
}

export function labelValueErrors(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 63) errors.push(tooLong(63));
  if (!new RegExp(`^(${labelKeyFormat})?$`).test(value)) {
    errors.push(
      examplesError(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        `(${labelKeyFormat})?`,
        ['MyValue', 'my_value', '12345'],
      ),
    );
  }
  return errors;
}

/** Keys of data in Secrets and ConfigMaps. */
export function dataKeyErrors(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 253) errors.push(tooLong(253));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    errors.push(
      examplesError("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", '[-._a-zA-Z0-9]+', [
        'key.name',
        'KEY_NAME',
        'key-name',
      ]),
    );
  }
  if (value === '.') errors.push(`must not be '.'`);
  else if (value === '..') errors.push(`must not be '..'`);
  else if (value.startsWith('..')) errors.push(`must not start with '..'`);
  return errors;
}
