import type { ScalarTag, Tags } from 'yaml';

const bool: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:[yY]|[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON|[nN]|[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/,
  resolve: (text) => /^(?:y|t|on$)/i.test(text),
};

const integer: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)$/,
  resolve: (text) => {
    const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
    const octal = /^0[oO]?([0-7]+)$/.exec(digits);
    const value = octal === null ? Number(digits) : Number.parseInt(octal[1] ?? '0', 8);
    return text.startsWith('-') ? -value : value;
  },
};

/** The tags of Kubernetes' own YAML reader: `0644` is octal, `yes` and `on` are true, times and `1:30` stay text. */
export function kubernetesScalars(core: Tags): Tags {
  return [bool, integer, ...core];
}
