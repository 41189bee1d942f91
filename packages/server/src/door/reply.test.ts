import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { configMapNamed, testApi } from '../api.fixture.ts';
import { createApiDoor } from './api-door.ts';

it('a list as YAML or as indented JSON has the items of the list, whatever their texts', async () => {
  const api = await testApi();
  const texts = [
    'a',
    'b\n\nc\n',
    '  indented\n more\n\n\n',
    'x'.repeat(200).replaceAll('xxxxx', 'x y '),
    '- a: b',
    '',
    '"',
    '\ttab\n',
  ];
  for (const [i, text] of texts.entries()) await api.admin.create(configMapNamed(`a${i}`, text));
  const { environment } = api.sim;
  const door = createApiDoor({ requestPath: api.server, environment, random: environment.random });
  const ask = async (accept: string, query = '') => {
    const headers = { accept };
    const request = new Request(`https://orrery/api/v1/namespaces/default/configmaps${query}`, { headers });
    const peer = { remoteAddress: '', certificate: { commonName: 'admin', organizations: ['system:masters'] } };
    return (await door.fetch(request, peer)).text();
  };
  const json = JSON.parse(await ask('application/json'));
  expect(await ask('application/json', '?pretty=true')).toBe(`${JSON.stringify(json, null, 2)}\n`);
  expect(parse(await ask('application/yaml'))).toEqual(json);
});
