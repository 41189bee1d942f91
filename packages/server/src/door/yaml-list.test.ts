import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { configMapNamed, testApi } from '../api.fixture.ts';
import { createApiDoor } from './api-door.ts';

it('a list as YAML has the items of the list as JSON, whatever their texts', async () => {
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
  const ask = async (accept: string) => {
    const headers = { accept };
    const request = new Request('https://orrery/api/v1/namespaces/default/configmaps', { headers });
    const peer = { remoteAddress: '', certificate: { commonName: 'admin', organizations: ['system:masters'] } };
    return (await door.fetch(request, peer)).text();
  };
  expect(parse(await ask('application/yaml'))).toEqual(JSON.parse(await ask('application/json')));
});
